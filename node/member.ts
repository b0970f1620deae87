/**
 * This host as a member of a cluster: always a worker, also a manager while its role says
 * so. Made when the host founds or joins a cluster, or starts again as a member; ended
 * when it stops or leaves.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { ManagerPlace } from "../manager/api/host.js";
import type { Manager, ManagerOptions } from "../manager/manager.js";
import { ENLIST, RESIGN } from "../manager/members/members-rpc.js";
import type { GenericResource } from "../shared/docker-api/resources.js";
import type { NodeId } from "../shared/model/ids.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import { ISSUE, type IssueRequest, type IssueResponse } from "../shared/rpc/ca-rpc.js";
import { RpcClient } from "../shared/rpc/channel.js";
import { LEAVE } from "../shared/rpc/dispatcher-rpc.js";
import { formatHostPort } from "../shared/rpc/host-port.js";
import { Agent } from "../worker/agent/agent.js";
import { NodeRemovedError } from "../worker/agent/agent-errors.js";
import type { AttachmentKeeper } from "../worker/agent/attachment-keeper.js";
import { dispatcherConnector, reachHost } from "../worker/agent/dispatcher-client.js";
import { TaskDb } from "../worker/agent/task-db.js";
import type { Engine } from "../worker/engine/engine.js";
import type { NetworkCapability } from "../worker/network/core/network-capability.js";
import type { HostNetwork } from "../worker/network/host-network.js";
import { ownDoor } from "./advertise.js";
import { createEngine } from "./choose-engine.js";
import { createAttachments, networkKeeper } from "./create-attachments.js";
import { createNetwork } from "./create-network.js";
import { firstReachable } from "./first-reachable.js";
import type { NodeIdentity } from "./identity.js";
import { removeIdentity } from "./identity-files.js";
import { LocalManager, wasManager } from "./local-manager.js";
import { type MemberSettings, removeMemberSettings, writeMemberSettings } from "./member-file.js";
import { RoleKeeper } from "./role.js";

/**
 * Removes all that a membership leaves in the data folder; also what a crash on the way in left of
 * one.
 */
export async function forgetCluster(dataDir: string): Promise<void> {
  await removeMemberSettings(dataDir); // first: without it, the rest is known to be left over
  for (const folder of ["manager", "worker", "tasks", "network"]) {
    await rm(join(dataDir, folder), { recursive: true, force: true });
  }
  await removeIdentity(dataDir);
}

export interface MemberOptions {
  readonly dataDir: string;
  readonly hostname: string;
  /** What the user says that the host has for tasks. */
  readonly generics?: readonly GenericResource[];
  readonly engineSocket: string;
  /** What this host's kernel lets us do. */
  readonly network: NetworkCapability;
  /** Where the programs that set up networks are looked for, in the form of `PATH`. */
  readonly programPath: string;
  /** `host:port` at which managers are looked for beside those that are known. */
  readonly managers: readonly string[];
  readonly identity: NodeIdentity;
  readonly settings: MemberSettings;
  /** Where this host makes a new cluster. */
  readonly founding?: NonNullable<ManagerOptions["founding"]>;
  /** This host's node, where a backup that it begins from may not know it. */
  readonly newNode?: NonNullable<ManagerOptions["newNode"]>;
  /** `first`: this host has just been let in; what its role needs must be there before it is in. */
  readonly entry: "first" | "again";
  /** Answers requests of the public API that other managers pass on. */
  readonly answerRequest: ManagerOptions["answerRequest"];
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
/** For the others to let this manager go. */
const RESIGN_TIMEOUT_MS = 5_000;
const RESIGN_LOOK_MS = 20;

export class Member {
  /**
   * Resolves once a manager has heard from this host since it started: the
   * cluster knows what it is.
   */
  readonly firstSession: Promise<void>;
  /** Puts its user's containers on networks of the cluster, where it can. */
  readonly attachments: AttachmentKeeper | undefined;
  readonly #options: MemberOptions;
  readonly #engine: Engine;
  /** Absent where this host cannot have networks of the cluster. */
  readonly #network: HostNetwork | undefined;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #sessionBegun: () => void = () => undefined;
  #settings: MemberSettings;
  /** From where this host reached a manager last. */
  #localAddress = "";
  readonly #role: RoleKeeper;
  #agent: Agent | undefined;
  #local: LocalManager | undefined;

  /**
   * Resolves once this host is at work: a manager answers, the agent looks for one.
   * @throws DamagedLogError, StorageFailedError, UnavailableError (the address
   *   cannot be listened on)
   */
  static async start(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    try {
      if (await member.#isManagerAtOnce()) await member.#startManager(options.founding);
      await writeMemberSettings(options.dataDir, member.#settings);
      member.#startAgent();
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  private constructor(options: MemberOptions) {
    const { clock, dataDir, engineSocket, hostname, identity, logger, settings } = options;
    const { clusterId, nodeId } = identity.node;
    this.#options = options;
    this.#settings = settings;
    this.firstSession = new Promise((resolve) => (this.#sessionBegun = resolve));
    this.#role = new RoleKeeper({
      present: () => (this.#local === undefined ? "worker" : "manager"),
      certified: () => identity.node.role,
      renew: () => identity.renew((request) => this.#askRenewal(request)),
      promote: async () => {
        await this.#startManager();
        await writeMemberSettings(dataDir, this.#settings);
      },
      demote: () => this.#endManager(),
      clock,
      logger,
    });
    const network = createNetwork({
      ...options,
      engine: settings.engine,
      capability: options.network,
      nodeId,
      ...(settings.addresses.dataPath && { dataPath: settings.addresses.dataPath }),
    });
    this.#network = network;
    const { engine, attached } = createEngine(settings.engine, {
      identity: { clusterId, nodeId, hostname },
      socketPath: engineSocket,
      dataDir,
      network: options.network,
      ...(network && { plane: network }),
      clock,
      logger,
    });
    this.#engine = engine;
    this.attachments = createAttachments({
      nodeId,
      attached,
      network,
      askManagers: (ask) => this.#askManagers(ask),
      clock,
      logger,
    });
  }

  /** Absent on a worker. */
  get manager(): Manager | undefined {
    return this.#local?.manager;
  }

  get settings(): MemberSettings {
    return this.#settings;
  }

  get identity(): NodeIdentity {
    return this.#options.identity;
  }

  /** Address at which others find this host, without a port; empty until that is known. */
  get address(): string {
    if (this.#local !== undefined) return this.#local.address.host;
    return this.#settings.addresses.advertise?.host ?? this.#localAddress;
  }

  /** The managers that this host knows; their nodes are known to managers only. */
  get managers(): readonly ManagerPlace[] {
    if (this.manager !== undefined) return this.manager.managers;
    const addresses = this.#agent?.managers ?? this.#settings.managers;
    return addresses.map((address) => ({ nodeId: "" as NodeId, address }));
  }

  /** A manager answers, and does not know this node: nobody will ever tell it anything. */
  get isUnknown(): boolean {
    const state = this.#agent?.state;
    return state?.kind === "searching" && state.node === "unknown";
  }

  /** `host:port` where this host first looks for managers: itself without a way around. */
  get #doors(): readonly string[] {
    const own = this.#local && formatHostPort(ownDoor(this.#settings.addresses.listen));
    const known = [...this.#settings.managers, ...this.#options.managers];
    return [...new Set(own === undefined ? known : [own, ...known])];
  }

  /** Stops being at work; tasks run on. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error("this host stops"));
    await Promise.allSettled(this.#running);
    await this.#local?.close();
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
    if (manner !== "removed") await this.#resign();
    this.#stopping.abort(new Error("this host leaves the cluster"));
    await Promise.allSettled(this.#running);
    this.#network?.retire();
    try {
      await this.attachments?.leave(options.signal);
      await this.#agent?.leave(options);
    } catch (error) {
      if (manner !== "forced") throw error;
      this.#options.logger.warn({ error }, "leaving by force: this host's tasks were not stopped");
    }
    await this.#leaveNetworks();
    if (this.#local === undefined && manner !== "removed") await this.#sayGoodbye();
    await this.close();
    await forgetCluster(this.#options.dataDir);
  }

  /** What is left of them does no harm, and must not keep the host from leaving. */
  async #leaveNetworks(): Promise<void> {
    try {
      await this.#network?.leave();
    } catch (error) {
      this.#options.logger.warn({ error }, "not all of the cluster's networks could be removed");
    }
  }

  /** Who has only a manager's certificate so far hears from the managers what to be. */
  async #isManagerAtOnce(): Promise<boolean> {
    const { dataDir, entry, founding, identity } = this.#options;
    if (identity.node.role !== "manager") return false;
    return founding !== undefined || entry === "first" || (await wasManager(dataDir));
  }

  /** @param founding only for the first start: who is promoted later joins what there is. */
  async #startManager(founding?: MemberOptions["founding"]): Promise<void> {
    const { founding: _first, ...options } = this.#options;
    const local = await LocalManager.start({
      ...options,
      ...(founding && { founding }),
      addresses: this.#settings.addresses,
      enlist: (request) => this.#askManagers((client) => client.call(ENLIST, request)),
    });
    this.#local = local;
    const managers = local.manager.managers.map(({ address }) => address);
    const known = managers.filter((address) => address !== formatHostPort(local.address));
    this.#settings = {
      ...this.#settings,
      addresses: local.addresses,
      managers: [...new Set([...known, ...this.#settings.managers])],
    };
  }

  /** The others let this host go: it is a worker from now on. */
  async #endManager(): Promise<void> {
    const local = this.#local;
    this.#local = undefined;
    await local?.close();
    await local?.forget();
  }

  /**
   * So that the others need not count on a manager that will not come back. Where that cannot be
   * had, they notice, and a user has to demote it.
   */
  async #resign(): Promise<void> {
    const local = this.#local;
    if (local === undefined || local.manager.isAlone) return;
    const { clock, logger } = this.#options;
    try {
      await this.#askManagers((client) => client.call(RESIGN, {}));
      const endMs = clock.nowMs() + RESIGN_TIMEOUT_MS;
      while (local.manager.takesPart && clock.nowMs() < endMs) {
        await clock.sleep(RESIGN_LOOK_MS, this.#stopping.signal);
      }
      await this.#endManager();
    } catch (error) {
      logger.warn({ error }, "the other managers could not be told that this one goes");
    }
  }

  #startAgent(): void {
    const { clock, dataDir, hostname, identity, logger, random } = this.#options;
    const { generics, onFatal, onRemoved } = this.#options;
    const { advertise } = this.#settings.addresses;
    const advertised = this.#local === undefined ? advertise?.host : this.#local.address.host;
    const signal = this.#stopping.signal;
    this.#agent = new Agent({
      engine: this.#engine,
      hostname,
      ...(generics && { generics }),
      managers: this.#doors,
      connect: dispatcherConnector({ kind: "member", identity }, clock),
      ...(advertised && { address: advertised }),
      reach: async (address, until) => {
        this.#localAddress = await reachHost(address, until);
      },
      onState: ({ kind }) => {
        if (kind === "connected") this.#sessionBegun();
      },
      onRole: (role) => {
        this.#role.wanted(role);
      },
      ...(this.#network && { networks: networkKeeper(this.#network, this.attachments) }),
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
    const keeping = [
      this.#role.run(signal),
      this.#network?.run(signal) ?? Promise.resolve(),
      this.attachments?.run(signal) ?? Promise.resolve(),
    ];
    for (const part of [running, renewing, ...keeping]) this.#running.push(part.catch(onFatal));
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
      this.manager?.renewCertificate(request, identity.node) ??
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
