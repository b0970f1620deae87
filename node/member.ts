/**
 * This host as a member of a cluster: always a worker, also a manager while its role says
 * so. Made when the host founds or joins a cluster, or starts again as a member; ended
 * when it stops or leaves.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { Manager, type ManagerOptions } from "../manager/manager.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import { ISSUE, type IssueRequest, type IssueResponse } from "../shared/rpc/ca-rpc.js";
import { RpcClient } from "../shared/rpc/channel.js";
import { LEAVE } from "../shared/rpc/dispatcher-rpc.js";
import { formatHostPort, type HostPort } from "../shared/rpc/host-port.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import { Agent } from "../worker/agent/agent.js";
import { NodeRemovedError } from "../worker/agent/agent-errors.js";
import { dispatcherConnector, reachHost } from "../worker/agent/dispatcher-client.js";
import { TaskDb } from "../worker/agent/task-db.js";
import type { Engine } from "../worker/engine/engine.js";
import type { NetworkCapability } from "../worker/network/core/network-capability.js";
import { ownDoor } from "./advertise.js";
import { createEngine } from "./choose-engine.js";
import { firstReachable } from "./first-reachable.js";
import type { NodeIdentity } from "./identity.js";
import { removeIdentity } from "./identity-files.js";
import { interfaceAddresses } from "./interface-addresses.js";
import {
  type MemberAddresses,
  type MemberSettings,
  removeMemberSettings,
  writeMemberSettings,
} from "./member-file.js";
import { managerHost } from "./settle.js";

/**
 * Removes all that a membership leaves in the data folder; also what a crash on the way in left of
 * one.
 */
export async function forgetCluster(dataDir: string): Promise<void> {
  await removeMemberSettings(dataDir); // first: without it, the rest is known to be left over
  for (const folder of ["manager", "worker", "tasks"]) {
    await rm(join(dataDir, folder), { recursive: true, force: true });
  }
  await removeIdentity(dataDir);
}

export interface MemberOptions {
  readonly dataDir: string;
  readonly hostname: string;
  readonly engineSocket: string;
  /** What this host's kernel lets us do. */
  readonly network: NetworkCapability;
  /** `host:port` at which managers are looked for beside those that are known. */
  readonly managers: readonly string[];
  readonly identity: NodeIdentity;
  readonly settings: MemberSettings;
  /** Where this host makes a new cluster. */
  readonly founding?: NonNullable<ManagerOptions["founding"]>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The cluster removed this node; the member goes on to exist until it has left. */
  readonly onRemoved: (member: Member) => void;
  /** The process must end: its state cannot be written, or a part of it failed. */
  readonly onFatal: (error: unknown) => void;
}

/** For each manager: a host that leaves should not be held up by one that does not answer. */
const GOODBYE_TIMEOUT_MS = 2_000;

export class Member {
  /**
   * Resolves once a manager has heard from this host since it started: the
   * cluster knows what it is.
   */
  readonly firstSession: Promise<void>;
  readonly #options: MemberOptions;
  readonly #engine: Engine;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #sessionBegun: () => void = () => undefined;
  #settings: MemberSettings;
  /** From where this host reached a manager last. */
  #localAddress = "";
  #agent: Agent | undefined;
  #server: RpcServer | undefined;
  #manager: Manager | undefined;

  /**
   * Resolves once this host is at work: a manager answers, the agent looks for one.
   * @throws DamagedLogError, StorageFailedError, UnavailableError (the address
   *   cannot be listened on)
   */
  static async start(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    try {
      if (options.identity.node.role === "manager") await member.#startManager();
      await writeMemberSettings(options.dataDir, member.#settings);
      member.#startAgent();
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  private constructor(options: MemberOptions) {
    const { clock, dataDir, engineSocket, hostname, identity, logger, network, settings } = options;
    const { clusterId, nodeId } = identity.node;
    this.#options = options;
    this.#settings = settings;
    this.firstSession = new Promise((resolve) => (this.#sessionBegun = resolve));
    this.#engine = createEngine(settings.engine, {
      identity: { clusterId, nodeId, hostname },
      socketPath: engineSocket,
      dataDir,
      network,
      clock,
      logger,
    });
  }

  /** Absent on a worker. */
  get manager(): Manager | undefined {
    return this.#manager;
  }

  get identity(): NodeIdentity {
    return this.#options.identity;
  }

  /** Address at which others find this host, without a port; empty until that is known. */
  get address(): string {
    if (this.#manager !== undefined) return this.#ownAddress.host;
    return this.#settings.addresses.advertise?.host ?? this.#localAddress;
  }

  /** `host:port` of the managers that this host knows. */
  get managers(): readonly string[] {
    if (this.#manager !== undefined) return [formatHostPort(this.#ownAddress)];
    return this.#agent?.managers ?? this.#settings.managers;
  }

  /** A manager answers, and does not know this node: nobody will ever tell it anything. */
  get isUnknown(): boolean {
    const state = this.#agent?.state;
    return state?.kind === "searching" && state.node === "unknown";
  }

  /** `host:port` where this host first looks for managers: itself without a way around. */
  get #doors(): readonly string[] {
    if (this.#manager !== undefined) {
      return [formatHostPort(ownDoor(this.#settings.addresses.listen))];
    }
    return [...new Set([...this.#settings.managers, ...this.#options.managers])];
  }

  /** Of a manager: what others dial. */
  get #ownAddress(): HostPort {
    const { advertise, found = "", listen } = this.#settings.addresses;
    return advertise ?? { host: found, port: listen.port };
  }

  /** Stops being at work; tasks run on. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error("this host stops"));
    await Promise.allSettled(this.#running);
    this.#server?.close();
    await this.#manager?.close();
  }

  /**
   * Stops and removes this host's tasks, then forgets the cluster.
   * @param options.manner `removed`: the cluster did that already. `forced`: at any price; tasks
   *   that cannot be stopped are left to run.
   * @throws EngineUnavailableError the tasks cannot be stopped; it may be called again.
   */
  async leave(options: {
    readonly manner: "asked" | "forced" | "removed";
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { manner } = options;
    this.#stopping.abort(new Error("this host leaves the cluster"));
    await Promise.allSettled(this.#running);
    try {
      await this.#agent?.leave(options);
    } catch (error) {
      if (manner !== "forced") throw error;
      this.#options.logger.warn({ error }, "leaving by force: this host's tasks were not stopped");
    }
    if (this.#manager === undefined && manner !== "removed") await this.#sayGoodbye();
    await this.close();
    await forgetCluster(this.#options.dataDir);
  }

  async #startManager(): Promise<void> {
    const { clock, dataDir, founding, identity, logger, onFatal, random } = this.#options;
    const manager = await Manager.open({
      dataDir: join(dataDir, "manager"),
      nodeId: identity.node.nodeId,
      address: () => formatHostPort(this.#ownAddress),
      ...(founding && { founding }),
      clock,
      random,
      logger,
      onFatal,
    });
    this.#manager = manager;
    const server = new RpcServer({ identity, clock, logger: logger.child({ part: "rpc" }) });
    this.#server = server;
    manager.start(server);
    const { addresses } = this.#settings;
    const port = await server.listen(addresses.listen);
    const found = managerHost(addresses, interfaceAddresses());
    this.#settings = { ...this.#settings, addresses: { ...withPort(addresses, port), found } };
  }

  #startAgent(): void {
    const { clock, dataDir, hostname, identity, logger, random } = this.#options;
    const { onFatal, onRemoved } = this.#options;
    const { advertise } = this.#settings.addresses;
    const advertised = this.#manager === undefined ? advertise?.host : this.#ownAddress.host;
    const signal = this.#stopping.signal;
    this.#agent = new Agent({
      engine: this.#engine,
      hostname,
      managers: this.#doors,
      connect: dispatcherConnector({ kind: "member", identity }, clock),
      ...(advertised && { address: advertised }),
      reach: async (address, until) => {
        this.#localAddress = await reachHost(address, until);
      },
      onState: ({ kind }) => {
        if (kind === "connected") this.#sessionBegun();
      },
      memory: new TaskDb({ folder: join(dataDir, "worker"), clock, logger }),
      clock,
      random: random.fork("agent"),
      logger,
    });
    const renewing = identity.keepFresh({
      ask: (request) => this.#askRenewal(request),
      clock,
      random: random.fork("renewal"),
      logger,
      signal,
    });
    const running = this.#agent.run({ signal }).catch((error: unknown) => {
      if (!(error instanceof NodeRemovedError)) throw error;
      onRemoved(this);
    });
    for (const part of [running, renewing]) this.#running.push(part.catch(onFatal));
  }

  /**
   * So that nobody waits for our silence. Where no manager answers, it will
   * be noticed all the same.
   */
  async #sayGoodbye(): Promise<void> {
    try {
      await this.#askManagers((client) =>
        client.call(LEAVE, {}, { timeoutMs: GOODBYE_TIMEOUT_MS }),
      );
    } catch (error) {
      this.#options.logger.warn({ error }, "no manager could be told that this host leaves");
    }
  }

  /** A manager does it itself: where its own certificate has expired, it reaches nobody. */
  #askRenewal(request: IssueRequest): Promise<IssueResponse> {
    const { identity } = this.#options;
    return (
      this.#manager?.renewCertificate(request, identity.node) ??
      this.#askManagers((client) => client.call(ISSUE, request))
    );
  }

  #askManagers<Answer>(ask: (client: RpcClient) => Promise<Answer>): Promise<Answer> {
    const { clock, identity, logger } = this.#options;
    const known = new Set([...(this.#agent?.managers ?? []), ...this.#doors]);
    return firstReachable([...known], logger, async (address) => {
      const client = new RpcClient({ address, trust: { kind: "member", identity }, clock });
      try {
        return await ask(client);
      } finally {
        client.close();
      }
    });
  }
}

/** Port 0 asks for any; what was given is kept, so that a restart is found at the same place. */
function withPort(addresses: MemberAddresses, port: number): MemberAddresses {
  const { listen, advertise } = addresses;
  return {
    ...addresses,
    listen: { ...listen, port },
    ...(advertise?.port === 0 && { advertise: { ...advertise, port } }),
  };
}
