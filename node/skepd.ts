/**
 * The daemon of one host: its membership in a cluster, and the public API that people and tools
 * reach it by. The API is served from the first moment, also in no cluster: that is where
 * `swarm init` comes from.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { notAManager, notInSwarm } from "../manager/api/core/not-a-manager.js";
import type { ApiHost } from "../manager/api/host.js";
import { type ApiServer, createApiServer } from "../manager/api/server.js";
import type { Manager } from "../manager/manager.js";
import { NoLeaderError } from "../shared/errors/cluster-error.js";
import { probeNetwork } from "../worker/network/capability.js";
import { type NetworkCapability, unavailable } from "../worker/network/core/network-capability.js";
import { claimHostNetwork, type HostClaim } from "../worker/network/host-claim.js";
import { chooseEngine, type EngineChoice, type EngineKind } from "./choose-engine.js";
import { type DataLock, lockDataDir } from "./data-lock.js";
import { readMemberSettings } from "./member-file.js";
import { Membership, type MembershipOptions } from "./membership.js";

/** `auto`: where its kernel can have them; `off`: nothing of it is touched. */
export const NETWORK_CHOICES = ["auto", "off"] as const;
export type NetworkChoice = (typeof NETWORK_CHOICES)[number];

export interface SkepdOptions extends Omit<
  MembershipOptions,
  "answerRequest" | "engine" | "network"
> {
  readonly engine: EngineChoice;
  readonly networks: NetworkChoice;
  /** Where the public API answers. */
  readonly socketPath: string;
}

export class Skepd {
  readonly #membership: Membership;
  readonly #api: ApiServer;
  readonly #lock: DataLock;
  readonly #claim: HostClaim | undefined;

  /**
   * Resolves once the API answers and, for a host that was a member, it is at work again.
   * @throws FailedPreconditionError, UnavailableError, DamagedLogError: what stands in the way,
   *   in words for the user.
   */
  static async start(options: SkepdOptions): Promise<Skepd> {
    const { clock, dataDir, engine: choice, engineSocket, hostname } = options;
    const { logger, random, socketPath } = options;
    const lock = await lockDataDir(dataDir);
    const engine = await engineOf(choice, options);
    logger.info({ engine, dataDir, socketPath }, "starting");
    const mayClaim = engine === "docker" && options.networks === "auto";
    const claim = mayClaim ? await claimHostNetwork() : undefined;
    const network = await networkOf(engine, claim, options);
    const parts: { api?: ApiServer } = {};
    const membership = new Membership({
      ...options,
      engine,
      network,
      answerRequest: (request) => {
        if (parts.api === undefined) throw new NoLeaderError("this manager is only starting");
        return parts.api.answer(request);
      },
    });
    const host: ApiHost = {
      hostname,
      ...(options.generics !== undefined &&
        options.generics.length > 0 && { generics: options.generics }),
      swarm: membership,
      manager: () => managerOf(membership),
      attachments: () => membership.member?.attachments,
      ...(engine === "docker" && { engineSocket }),
    };
    const api = createApiServer({ host, clock, random, logger: logger.child({ part: "api" }) });
    parts.api = api;
    const skepd = new Skepd(membership, api, { lock, claim });
    try {
      await membership.resume();
      await mkdir(dirname(socketPath), { recursive: true });
      await api.listen({ path: socketPath });
      return skepd;
    } catch (error) {
      await skepd.close();
      throw error;
    }
  }

  private constructor(
    membership: Membership,
    api: ApiServer,
    held: { readonly lock: DataLock; readonly claim: HostClaim | undefined },
  ) {
    this.#membership = membership;
    this.#api = api;
    this.#lock = held.lock;
    this.#claim = held.claim;
  }

  /** Ends what this process does; the tasks run on. */
  async close(): Promise<void> {
    await this.#api.close();
    await this.#membership.close();
    this.#claim?.release();
    this.#lock.release();
  }
}

/**
 * A member keeps the engine that its tasks are in, unless the user names one: after a
 * reboot it may only be late.
 */
async function engineOf(choice: EngineChoice, options: SkepdOptions): Promise<EngineKind> {
  const known = choice === "auto" ? await readMemberSettings(options.dataDir) : undefined;
  return known?.engine ?? (await chooseEngine(choice, options.engineSocket, options.clock));
}

/** Processes have no network of their own, whatever the kernel would allow. */
async function networkOf(
  engine: EngineKind,
  claim: HostClaim | undefined,
  { logger, networks, programPath }: SkepdOptions,
): Promise<NetworkCapability> {
  if (engine === "process") return unavailable("tasks are plain processes");
  if (networks === "off") return unavailable("skepd was started with --networks off");
  const network = claim === undefined ? unavailable(OTHER_KEEPER) : await probeNetwork(programPath);
  if (network.kind === "unavailable") {
    const { reason } = network;
    logger.warn({ reason }, "no overlay networks and no ingress on this host");
  }
  return network;
}

const OTHER_KEEPER = "another skepd on this host keeps its networks";

function managerOf({ member }: Membership): Manager {
  if (member === undefined) throw notInSwarm();
  if (member.manager === undefined) {
    throw notAManager(member.managers.map(({ address }) => address));
  }
  return member.manager;
}
