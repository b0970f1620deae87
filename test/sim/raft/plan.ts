/**
 * What is to happen in a run, all of it from one seed and known before it begins: how many managers,
 * the sizes they play with, and every fault with its time. So faults can be left out of a run one by
 * one, and the rest stays as it was.
 */
import type { CompactionSettings } from "../../../manager/raft/compactor.js";
import type { RaftLimits } from "../../../manager/raft/core/member-state.js";
import { DEFAULT_LIMITS } from "../../../manager/raft/raft-options.js";
import type { SegmentSizes } from "../../../manager/raft/segment.js";
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import { FAIR_WEATHER, type Weather } from "./network.js";

export interface RunSettings {
  readonly compaction: CompactionSettings;
  readonly sizes: SegmentSizes;
  readonly limits: RaftLimits;
}

export const FAULT_KINDS = [
  "crash",
  "crash-at-operation",
  "crash-after-answer",
  "blackout",
  "pause",
  "isolate",
  "one-way",
  "split",
  "flap",
  "storm",
  "break-streams",
  "slow-disk",
  "full-disk",
  "failing-sync",
  "bit-flip",
  "clock",
  "transfer",
  "compact",
  "burst",
  "add-learner",
  "promote",
  "demote",
  "remove",
  "replace",
  "split-at-change",
  "crash-at-change",
  "retire",
  "rivals",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What a crash leaves of what was not synced. */
export const CUTS = ["kill", "lose-all", "keep-some", "keep-all"] as const;
export type Cut = (typeof CUTS)[number];

export interface Fault {
  /** Its place in the plan: what `--only` names it by. */
  readonly number: number;
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly lastsMs: number;
  /** `leader`: whoever leads then. */
  readonly on: "leader" | "anyone";
  /** Chooses among the hosts. */
  readonly pick: number;
  readonly other: number;
  /** How much, of a thousand. */
  readonly amount: number;
  readonly cut: Cut;
}

export interface Plan {
  readonly seed: number;
  readonly managers: number;
  readonly settings: RunSettings;
  readonly weather: Weather;
  /** Clients ask every so often, on average. */
  readonly askEveryMs: number;
  readonly keys: number;
  readonly faults: readonly Fault[];
  readonly faultsUntilMs: number;
}

interface KindTraits {
  readonly weight: number;
  readonly lastsMs: readonly [least: number, most: number];
}

const TRAITS: Readonly<Record<FaultKind, KindTraits>> = {
  crash: { weight: 6, lastsMs: [20, 3_000] },
  "crash-at-operation": { weight: 6, lastsMs: [20, 2_000] },
  "crash-after-answer": { weight: 5, lastsMs: [20, 2_000] },
  blackout: { weight: 3, lastsMs: [20, 1_500] },
  pause: { weight: 4, lastsMs: [100, 3_000] },
  isolate: { weight: 6, lastsMs: [300, 5_000] },
  "one-way": { weight: 4, lastsMs: [300, 4_000] },
  split: { weight: 6, lastsMs: [500, 6_000] },
  flap: { weight: 2, lastsMs: [500, 4_000] },
  storm: { weight: 4, lastsMs: [500, 5_000] },
  "break-streams": { weight: 3, lastsMs: [1_000, 6_000] },
  "slow-disk": { weight: 3, lastsMs: [500, 4_000] },
  "full-disk": { weight: 3, lastsMs: [300, 4_000] },
  "failing-sync": { weight: 2, lastsMs: [500, 2_000] },
  "bit-flip": { weight: 1, lastsMs: [100, 1_000] },
  clock: { weight: 2, lastsMs: [1_000, 8_000] },
  transfer: { weight: 5, lastsMs: [0, 0] },
  compact: { weight: 4, lastsMs: [0, 0] },
  burst: { weight: 3, lastsMs: [0, 0] },
  "add-learner": { weight: 4, lastsMs: [0, 0] },
  promote: { weight: 5, lastsMs: [0, 0] },
  demote: { weight: 2, lastsMs: [0, 0] },
  remove: { weight: 3, lastsMs: [0, 0] },
  replace: { weight: 3, lastsMs: [0, 0] },
  "split-at-change": { weight: 4, lastsMs: [500, 6_000] },
  "crash-at-change": { weight: 4, lastsMs: [100, 2_000] },
  retire: { weight: 2, lastsMs: [0, 0] },
  rivals: { weight: 4, lastsMs: [200, 1_500] },
};

/** The cluster comes together first. */
const FIRST_FAULT_MS = 800;
const MANAGERS = [1, 2, 3, 3, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5];
const CALM = 4;

export function planOf(seed: number): Plan {
  const random = seededRandom(`raft ${seed}`);
  const forMs = 4_000 + random.below(14_000);
  return {
    seed,
    managers: MANAGERS[random.below(MANAGERS.length)] as number,
    settings: settingsOf(random.fork("settings")),
    weather: weatherOf(random.fork("weather")),
    askEveryMs: 8 + random.below(120),
    keys: 1 + random.below(4),
    faults: faultsOf(random.fork("faults"), forMs),
    faultsUntilMs: FIRST_FAULT_MS + forMs,
  };
}

/** The same run without some of its faults. */
export function withFaults(plan: Plan, keep: (fault: Fault) => boolean): Plan {
  return { ...plan, faults: plan.faults.filter(keep) };
}

function settingsOf(random: Random): RunSettings {
  return {
    compaction: {
      snapshotInterval: [3, 8, 20, 60, 1_000][random.below(5)] as number,
      logEntriesForSlowFollowers: [0, 2, 10, 30][random.below(4)] as number,
    },
    sizes: {
      segmentBytes: [300, 800, 3_000, 20_000][random.below(4)] as number,
      growBytes: [128, 512, 4_096][random.below(3)] as number,
    },
    limits: random.below(3) === 0 ? DEFAULT_LIMITS : limitsOf(random),
  };
}

/** So small that they are reached: an entry is some thirty bytes. */
function limitsOf(random: Random): RaftLimits {
  return {
    messageBytes: [1, 1, 70, 200][random.below(4)] as number,
    inFlight: {
      messages: [1, 2, 5, 50][random.below(4)] as number,
      bytes: [50, 150, 600, 5_000][random.below(4)] as number,
    },
    uncommittedBytes: [40, 200, 2_000][random.below(3)] as number,
  };
}

/** Of all messages between all of them, all the time. */
function weatherOf(random: Random): Weather {
  if (random.below(CALM) === 0) return FAIR_WEATHER;
  return {
    lost: random.below(2) * random.below(60),
    doubled: random.below(2) * random.below(100),
    late: random.below(2) * random.below(100),
    delayMs: 1 + random.below(30),
    order: random.below(2) === 0 ? "kept" : "any",
  };
}

/** A few kinds at a time: with all of them in each run, none of them gets far. */
function faultsOf(random: Random, forMs: number): Fault[] {
  const kinds = chosenKinds(random);
  const weights = kinds.map((kind) => TRAITS[kind].weight);
  const everyMs = 100 + random.below(1_200);
  const faults: Fault[] = [];
  let atMs = FIRST_FAULT_MS;
  for (let number = 0; ; number++) {
    atMs += random.below(2 * everyMs);
    if (atMs >= FIRST_FAULT_MS + forMs) return faults;
    const kind = kinds[weighted(random, weights)] as FaultKind;
    const [least, most] = TRAITS[kind].lastsMs;
    faults.push({
      number,
      kind,
      atMs,
      lastsMs: least + random.below(most - least + 1),
      on: random.below(5) < 2 ? "leader" : "anyone",
      pick: random.below(1_000),
      other: random.below(1_000),
      amount: random.below(1_000),
      cut: CUTS[random.below(CUTS.length)] as Cut,
    });
  }
}

function chosenKinds(random: Random): FaultKind[] {
  const chance = 2 + random.below(7);
  const kinds = FAULT_KINDS.filter(() => random.below(10) < chance);
  return kinds.length > 0 ? kinds : ["crash"];
}

function weighted(random: Random, weights: readonly number[]): number {
  let left = random.below(weights.reduce((sum, weight) => sum + weight, 0));
  return weights.findIndex((weight) => (left -= weight) < 0);
}
