/** The swarm's settings, which `swarm init` and `swarm update` share. */
import { readFileSync } from "node:fs";

import type {
  ExternalCA,
  PlacementStrategy,
  RebalanceConfig,
  SwarmSpec,
} from "../../../shared/docker-api/swarm-spec.js";
import { words } from "../../completion/sources.js";
import { BadValueError } from "../../errors.js";
import { duration } from "../../flags/amounts.js";
import { csvPairs } from "../../flags/csv.js";
import { type FlagSet, type FlagValues, many, text } from "../../flags/flag.js";
import { int, toggle, uint } from "../../flags/numbers.js";
import { present, presentIfAny } from "../../present.js";

export const SPEC_FLAGS = {
  "avoid-failures": uint(
    "Failures of a service on a node for which that is tried last (0 for never) (default 5)",
  ),
  "avoid-within": duration("Time in which these failures count (ns|us|ms|s|m|h) (default 5m0s)"),
  "back-off-first": duration(
    "Wait after free restarts, then twice as long each time (ns|us|ms|s|m|h) (default 1s)",
  ),
  "back-off-free": uint("Restarts in a row that wait for the service's delay alone (default 5)"),
  "back-off-limit": duration("Longest wait of the back-off (ns|us|ms|s|m|h) (default 1m0s)"),
  autolock: toggle(
    "Enable manager autolocking (requiring an unlock key to start a stopped manager)",
  ),
  "cert-expiry": duration(
    "Validity period for node certificates (ns|us|ms|s|m|h) (default 2160h0m0s)",
  ),
  "dispatcher-heartbeat": duration("Dispatcher heartbeat period (ns|us|ms|s|m|h) (default 500ms)"),
  "election-tick": int(
    "Ticks of 50ms without a leader after which managers stand for election (default 10)",
  ),
  "engine-limit": duration(
    "How long a node's engine may be away before the node is down (ns|us|ms|s|m|h) (default 10s)",
  ),
  "external-ca": many(
    "external-ca",
    "Specifications of one or more certificate signing endpoints",
    parseExternalCa,
  ),
  "heartbeat-tick": int("Ticks of 50ms between heartbeats of the leading manager (default 2)"),
  "log-entries-for-slow-followers": uint(
    "Log entries that are kept behind a snapshot for managers that lag (default 500)",
  ),
  "max-snapshots": uint("Number of additional Raft snapshots to retain"),
  "orphan-after": duration(
    "How long a node may be down before its tasks are given up (ns|us|ms|s|m|h) (default 24h0m0s)",
  ),
  "placement-strategy": text(
    'Which node with room for a task gets it: the emptiest ("spread") or the fullest ("binpack") (default "spread")',
    { completion: words("spread", "binpack") },
  ),
  rebalance: text(
    'When tasks move to nodes with fewer of their service: "on-request" (skep service rebalance) or also "on-return" of a node (default "on-request")',
    { completion: words("on-request", "on-return") },
  ),
  "rebalance-cool-down": duration(
    "How long a node must be back before the swarm moves tasks to it (ns|us|ms|s|m|h) (default 1m0s)",
  ),
  "rebalance-parallelism": uint(
    "Tasks of a service that a rebalance moves at a time (0 to move all at once) (default 1)",
  ),
  "session-limit": duration(
    "How long a node whose daemon has ended may be away before it is down (ns|us|ms|s|m|h) (default 30s)",
  ),
  "silence-limit": duration(
    "How long a node may be silent before it is down (ns|us|ms|s|m|h) (default 3s)",
  ),
  "snapshot-interval": uint("Number of log entries between Raft snapshots (default 10000)"),
  "stop-patience": duration(
    "How long beyond its grace period a task that does not stop holds up its successor (ns|us|ms|s|m|h) (default 1m0s)",
  ),
  "task-history-limit": int("Task history retention limit (default 5)"),
} satisfies FlagSet;

/** The settings given, laid over `before`; what was not given stays. */
export function withSettings(before: SwarmSpec, flags: FlagValues<typeof SPEC_FLAGS>): SwarmSpec {
  const rebalance = presentIfAny({
    When: flags.rebalance as RebalanceConfig["When"] | undefined,
    Parallelism: flags["rebalance-parallelism"],
    CoolDown: flags["rebalance-cool-down"],
  });
  const backOff = presentIfAny({
    FreeRestarts: flags["back-off-free"],
    First: flags["back-off-first"],
    Limit: flags["back-off-limit"],
  });
  const avoidance = presentIfAny({
    Failures: flags["avoid-failures"],
    Within: flags["avoid-within"],
  });
  const orchestration = presentIfAny({
    TaskHistoryRetentionLimit: flags["task-history-limit"],
    // The daemon knows the words, and says which they are.
    PlacementStrategy: flags["placement-strategy"] as PlacementStrategy | undefined,
    RestartBackOff: backOff && { ...before.Orchestration?.RestartBackOff, ...backOff },
    NodeAvoidance: avoidance && { ...before.Orchestration?.NodeAvoidance, ...avoidance },
    OrphanAfter: flags["orphan-after"],
    StopPatience: flags["stop-patience"],
    Rebalance: rebalance && { ...before.Orchestration?.Rebalance, ...rebalance },
  });
  const dispatcher = presentIfAny({
    HeartbeatPeriod: flags["dispatcher-heartbeat"],
    SilenceLimit: flags["silence-limit"],
    SessionLimit: flags["session-limit"],
    EngineLimit: flags["engine-limit"],
  });
  const raft = presentIfAny({
    KeepOldSnapshots: flags["max-snapshots"],
    SnapshotInterval: flags["snapshot-interval"],
    LogEntriesForSlowFollowers: flags["log-entries-for-slow-followers"],
    ElectionTick: flags["election-tick"],
    HeartbeatTick: flags["heartbeat-tick"],
  });
  const ca = presentIfAny({
    NodeCertExpiry: flags["cert-expiry"],
    ExternalCAs: flags["external-ca"],
  });
  const encryption = presentIfAny({ AutoLockManagers: flags.autolock });
  return {
    ...before,
    ...present({
      Orchestration: orchestration && { ...before.Orchestration, ...orchestration },
      Dispatcher: dispatcher && { ...before.Dispatcher, ...dispatcher },
      Raft: raft && { ...before.Raft, ...raft },
      CAConfig: ca && { ...before.CAConfig, ...ca },
      EncryptionConfig: encryption && { ...before.EncryptionConfig, ...encryption },
    }),
  };
}

/** `protocol=cfssl,url=https://…,cacert=/path/to/pem` @throws BadValueError */
function parseExternalCa(given: string): ExternalCA {
  const ca: { Options: Record<string, string>; Protocol?: "cfssl"; URL?: string; CACert?: string } =
    { Options: {} };
  for (const [key, value, field] of csvPairs(given)) {
    if (value === undefined) {
      throw new BadValueError(`invalid field '${field}' must be a key=value pair`);
    }
    if (key.toLowerCase() === "protocol") {
      if (value.toLowerCase() !== "cfssl") {
        throw new BadValueError(`unrecognized external CA protocol ${value}`);
      }
      ca.Protocol = "cfssl";
    } else if (key.toLowerCase() === "url") ca.URL = value;
    else if (key.toLowerCase() === "cacert") ca.CACert = readPem(value);
    else ca.Options[key] = value;
  }
  if (ca.Protocol === undefined) {
    throw new BadValueError("the external-ca option needs a protocol= parameter");
  }
  if (ca.URL === undefined) {
    throw new BadValueError("the external-ca option needs a url= parameter");
  }
  return ca;
}

/** @throws BadValueError */
function readPem(path: string): string {
  let contents: string;
  try {
    contents = readFileSync(path, "utf8");
  } catch (cause) {
    throw new BadValueError(`cannot read ${path}`, { cause });
  }
  if (!contents.includes("-----BEGIN ")) throw new BadValueError(`${path} is not in PEM format`);
  return contents;
}
