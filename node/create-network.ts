/** What keeps this host's share of the cluster's networks, where the host can have any. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { NodeId } from "../shared/model/ids.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import { hostRoutes } from "../worker/network/core/host-routes.js";
import type { NetworkCapability } from "../worker/network/core/network-capability.js";
import { NameKeeper } from "../worker/network/dns.js";
import { HostNetwork } from "../worker/network/host-network.js";
import { Kernel } from "../worker/network/kernel.js";
import type { EngineKind } from "./choose-engine.js";

/** Beside this program: the answerer of names runs by itself. */
const ANSWERER = fileURLToPath(new URL("../worker/network/dns-main.js", import.meta.url));

export interface NetworkOptions {
  readonly engine: EngineKind;
  readonly capability: NetworkCapability;
  readonly nodeId: NodeId;
  /** See `swarm init --data-path-addr`. */
  readonly dataPath?: string;
  readonly dataDir: string;
  /** Where the programs that set up networks are looked for, in the form of `PATH`. */
  readonly programPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Undefined where tasks are on no network of the cluster. */
export function createNetwork(options: NetworkOptions): HostNetwork | undefined {
  const { capability, clock, dataDir, engine, logger, nodeId, programPath } = options;
  if (engine !== "docker" || capability.kind === "unavailable") return undefined;
  const folder = join(dataDir, "network");
  const program = [process.execPath, ANSWERER] as const;
  return new HostNetwork({
    nodeId,
    folder,
    kernel: new Kernel({ path: programPath }),
    ...(options.dataPath !== undefined && { dataPath: options.dataPath }),
    names: new NameKeeper({ folder: join(folder, "names"), program }),
    clock,
    logger,
  });
}

/** Those that a network of the cluster must not take; none where the host cannot have any. */
export async function ownRoutes({
  network,
  programPath,
}: {
  readonly network: NetworkCapability;
  readonly programPath: string;
}): Promise<readonly string[]> {
  if (network.kind === "unavailable") return [];
  return hostRoutes(await new Kernel({ path: programPath }).routes());
}
