/** Which engine runs this host's tasks, and how it is reached. */

import { join } from "node:path";

import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { AttachedContainers } from "../worker/engine/docker/attached-containers.js";
import { DockerEngine } from "../worker/engine/docker/docker-engine.js";
import { EngineClient } from "../worker/engine/docker/engine-client.js";
import type { Engine, EngineIdentity } from "../worker/engine/engine.js";
import { ProcessEngine } from "../worker/engine/process/process-engine.js";
import type { NetworkCapability } from "../worker/network/core/network-capability.js";
import type { NetworkPlane } from "../worker/network/network-plane.js";

/** What the user asks for: `auto` takes Docker where one answers, else plain processes. */
export const ENGINE_CHOICES = ["auto", "docker", "process"] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

export type EngineKind = Exclude<EngineChoice, "auto">;

export const DEFAULT_ENGINE_SOCKET = "/var/run/docker.sock";

/** A local engine that is up answers within milliseconds. */
const PROBE_TIMEOUT_MS = 2_000;

/** @throws FailedPreconditionError Docker was asked for by name, and does not answer. */
export async function chooseEngine(
  choice: EngineChoice,
  socketPath: string,
  clock: Clock,
): Promise<EngineKind> {
  if (choice === "process") return "process";
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    await new EngineClient(socketPath, clock).negotiate(signal);
    return "docker";
  } catch (cause) {
    if (choice === "auto") return "process";
    throw new FailedPreconditionError(
      `no Docker engine answers at ${socketPath}: start it, name another with --engine-socket, or run tasks as plain processes with --engine process`,
      { cause },
    );
  }
}

export interface HostEngine {
  readonly engine: Engine;
  /** Absent where no container can be on networks of the cluster. */
  readonly attached?: AttachedContainers;
}

export function createEngine(
  kind: EngineKind,
  host: {
    readonly identity: EngineIdentity;
    readonly socketPath: string;
    readonly dataDir: string;
    readonly network: NetworkCapability;
    readonly plane?: NetworkPlane;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): HostEngine {
  const { identity, socketPath, dataDir, network, plane, clock, logger } = host;
  if (kind === "process")
    return { engine: new ProcessEngine({ identity, root: join(dataDir, "tasks"), clock }) };
  const options = { identity, socketPath, network, ...(plane && { plane }), clock, logger };
  const engine = new DockerEngine(options);
  return { engine, ...(engine.attached && { attached: engine.attached }) };
}
