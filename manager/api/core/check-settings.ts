/**
 * Whether periods and limits of the cluster can be meant. Each has bounds within which it does what
 * it says; outside them it is refused, and not silently taken for something else.
 */
import type { SwarmSpec } from "../../../shared/docker-api/swarm-spec.js";
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { FAILURES_COUNTED_MAX } from "../../scheduler/core/failure-log.js";

const MS = 1e6;
const SECOND = 1_000 * MS;
const MINUTE = 60 * SECOND;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** A minute of ticks: without a leader for longer than that, nobody would wait. */
const ELECTION_TICKS_MAX = 1_200;
/** Each may be as large as the cluster's whole state. */
const OLD_SNAPSHOTS_MAX = 100;
/** A task remembers when each of its slot's restarts was. */
const FREE_RESTARTS_MAX = 100;

type Bounds = readonly [name: string, value: number | undefined, least: number, most: number];

/** @throws InvalidArgumentError */
export function checkSettings({ Dispatcher, Orchestration, Raft }: SwarmSpec): void {
  const { Rebalance, RestartBackOff, NodeAvoidance } = Orchestration ?? {};
  const durations: readonly Bounds[] = [
    // 0 is what Go clients send for what they do not mention.
    ["heartbeat period", Dispatcher?.HeartbeatPeriod || undefined, 100 * MS, MINUTE],
    ["silence limit", Dispatcher?.SilenceLimit, SECOND, HOUR],
    ["session limit", Dispatcher?.SessionLimit, SECOND, DAY],
    ["engine limit", Dispatcher?.EngineLimit, SECOND, DAY],
    ["cool-down of a rebalance", Rebalance?.CoolDown, 0, DAY],
    ["first back-off of restarts", RestartBackOff?.First, MS, DAY],
    ["limit of the back-off of restarts", RestartBackOff?.Limit, MS, DAY],
    ["time in which failures on a node count", NodeAvoidance?.Within, SECOND, DAY],
    [
      "time after which tasks of a node that is down are given up",
      Orchestration?.OrphanAfter,
      MINUTE,
      365 * DAY,
    ],
    ["patience with tasks that do not stop", Orchestration?.StopPatience, 0, DAY],
  ];
  for (const bounds of durations) checkBounds(bounds, durationWords);
  const numbers: readonly Bounds[] = [
    [
      "number of failures for which a node is avoided",
      NodeAvoidance?.Failures,
      0,
      FAILURES_COUNTED_MAX,
    ],
    ["number of restarts without back-off", RestartBackOff?.FreeRestarts, 0, FREE_RESTARTS_MAX],
    ["election tick", Raft?.ElectionTick || undefined, 2, ELECTION_TICKS_MAX],
    ["heartbeat tick", Raft?.HeartbeatTick || undefined, 1, ELECTION_TICKS_MAX],
    ["number of old snapshots", Raft?.KeepOldSnapshots, 0, OLD_SNAPSHOTS_MAX],
  ];
  for (const bounds of numbers) checkBounds(bounds, String);
  checkOrder(Raft?.HeartbeatTick || 0, Raft?.ElectionTick || Number.MAX_SAFE_INTEGER);
  if ((RestartBackOff?.First ?? 0) > (RestartBackOff?.Limit ?? Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError("the first back-off of restarts is longer than their limit");
  }
}

function checkBounds([name, value, least, most]: Bounds, words: (value: number) => string): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new InvalidArgumentError(
    `invalid ${name} ${words(value)}: it must be between ${words(least)} and ${words(most)}`,
  );
}

function checkOrder(heartbeatTick: number, electionTick: number): void {
  if (electionTick > heartbeatTick) return;
  throw new InvalidArgumentError(
    `election tick ${electionTick} must be greater than heartbeat tick ${heartbeatTick}: a leader must be heard before others stand`,
  );
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
  ["ms", MS],
];

/** In the largest unit of which it is a whole number: `90s`, `1m`. */
function durationWords(nanoseconds: number): string {
  const unit = UNITS.find(([, size]) => nanoseconds !== 0 && nanoseconds % size === 0);
  return unit === undefined ? `${nanoseconds}ns` : `${nanoseconds / unit[1]}${unit[0]}`;
}
