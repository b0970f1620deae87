/** Which engine runs this node's tasks, as `--engine` says it. */
import { stat } from "node:fs/promises";

import { FailedPreconditionError } from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { DockerEngine } from "./docker/docker-engine.js";
import type { Engine, EngineIdentity } from "./engine.js";
import { ProcessEngine } from "./process/process-engine.js";

export const ENGINE_KINDS = ["docker", "process"] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** `auto`: Docker where its socket is there, plain processes otherwise. */
export const ENGINE_CHOICES = ["auto", ...ENGINE_KINDS] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/**
 * A socket decides, not an answer: an engine that is being restarted with its host must not make a node of
 * containers come up as one of processes. To be kept by the caller for the node's whole life, for the same reason.
 * @throws FailedPreconditionError where Docker is asked for and its socket is not there.
 */
export async function engineKind(
  choice: EngineChoice,
  dockerSocketPath: string,
): Promise<EngineKind> {
  if (choice === "process") return "process";
  if (await isSocket(dockerSocketPath)) return "docker";
  if (choice === "auto") return "process";
  throw new FailedPreconditionError(
    `there is no Docker engine at unix://${dockerSocketPath}: start it, or choose --engine process`,
  );
}

export interface EngineOptions {
  readonly identity: EngineIdentity;
  readonly dockerSocketPath: string;
  /** Where the process engine keeps its tasks. */
  readonly processRoot: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createEngine(kind: EngineKind, options: EngineOptions): Engine {
  const { identity, clock, logger } = options;
  switch (kind) {
    case "docker":
      return new DockerEngine({ identity, socketPath: options.dockerSocketPath, clock, logger });
    case "process":
      return new ProcessEngine({ identity, root: options.processRoot, clock });
  }
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch {
    return false;
  }
}
