/** How long nodes may be away before they are down, as the cluster's spec says it. */
import type { DispatcherConfig } from "../../../shared/docker-api/swarm-spec.js";

export interface LivenessLimits {
  /** Without a word; a node may always lose three heartbeats. */
  readonly silenceMs: number;
  /** After its daemon ended the session, or before its first one. */
  readonly closedMs: number;
  /** Without its engine. */
  readonly engineMs: number;
}

/** Silence after which a node is down: six heartbeats of the usual period. */
export const SILENCE_LIMIT_MS = 3_000;
/**
 * A stream that its host ended: the daemon is restarting or died, the host answers, the tasks run
 * on. As long for a node that has joined and was not heard yet: its daemon is starting.
 */
export const CLOSED_LIMIT_MS = 30_000;
/**
 * How long an engine may be away before its tasks are replaced: one that is restarted is back
 * within ten seconds, and with live-restore its containers have run on; one that stays away runs
 * nothing that anybody could see or stop.
 */
export const ENGINE_LIMIT_MS = 10_000;

export const DEFAULT_LIVENESS_LIMITS: LivenessLimits = {
  silenceMs: SILENCE_LIMIT_MS,
  closedMs: CLOSED_LIMIT_MS,
  engineMs: ENGINE_LIMIT_MS,
};

const NS_PER_MS = 1e6;

export function livenessLimits(config: DispatcherConfig = {}): LivenessLimits {
  const { SilenceLimit, SessionLimit, EngineLimit } = config;
  return {
    silenceMs: SilenceLimit === undefined ? SILENCE_LIMIT_MS : SilenceLimit / NS_PER_MS,
    closedMs: SessionLimit === undefined ? CLOSED_LIMIT_MS : SessionLimit / NS_PER_MS,
    engineMs: EngineLimit === undefined ? ENGINE_LIMIT_MS : EngineLimit / NS_PER_MS,
  };
}
