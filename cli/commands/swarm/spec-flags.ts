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
  autolock: toggle(
    "Enable manager autolocking (requiring an unlock key to start a stopped manager)",
  ),
  "cert-expiry": duration(
    "Validity period for node certificates (ns|us|ms|s|m|h) (default 2160h0m0s)",
  ),
  "dispatcher-heartbeat": duration("Dispatcher heartbeat period (ns|us|ms|s|m|h) (default 500ms)"),
  "external-ca": many(
    "external-ca",
    "Specifications of one or more certificate signing endpoints",
    parseExternalCa,
  ),
  "max-snapshots": uint("Number of additional Raft snapshots to retain"),
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
  "snapshot-interval": uint("Number of log entries between Raft snapshots (default 10000)"),
  "task-history-limit": int("Task history retention limit (default 5)"),
} satisfies FlagSet;

/** The settings given, laid over `before`; what was not given stays. */
export function withSettings(before: SwarmSpec, flags: FlagValues<typeof SPEC_FLAGS>): SwarmSpec {
  const rebalance = presentIfAny({
    When: flags.rebalance as RebalanceConfig["When"] | undefined,
    Parallelism: flags["rebalance-parallelism"],
    CoolDown: flags["rebalance-cool-down"],
  });
  const orchestration = presentIfAny({
    TaskHistoryRetentionLimit: flags["task-history-limit"],
    // The daemon knows the words, and says which they are.
    PlacementStrategy: flags["placement-strategy"] as PlacementStrategy | undefined,
    Rebalance: rebalance && { ...before.Orchestration?.Rebalance, ...rebalance },
  });
  const dispatcher = presentIfAny({ HeartbeatPeriod: flags["dispatcher-heartbeat"] });
  const raft = presentIfAny({
    KeepOldSnapshots: flags["max-snapshots"],
    SnapshotInterval: flags["snapshot-interval"],
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
