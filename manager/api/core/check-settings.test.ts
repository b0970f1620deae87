/** Periods and limits that cannot be meant. */
import { expect, test } from "vitest";

import { completeSwarmSpec, mergeSwarmSpec } from "../../../shared/docker-api/defaults.js";
import type { SwarmSpec } from "../../../shared/docker-api/swarm-spec.js";
import { checkSettings } from "./check-settings.js";

const S = 1e9;

test.each<SwarmSpec>([
  {},
  completeSwarmSpec({}),
  { Dispatcher: { HeartbeatPeriod: 0 }, Raft: { ElectionTick: 0, HeartbeatTick: 0 } },
  { Dispatcher: { HeartbeatPeriod: 60 * S, SilenceLimit: 3_600 * S } },
  { Orchestration: { StopPatience: 0, NodeAvoidance: { Failures: 0 } } },
  { Orchestration: { RestartBackOff: { FreeRestarts: 0, First: 60 * S } } },
])("%j", (spec) => {
  expect(() => checkSettings(mergeSwarmSpec(completeSwarmSpec({}), spec))).not.toThrow();
});

test.each<[SwarmSpec, string]>([
  [
    { Dispatcher: { HeartbeatPeriod: 1 } },
    "invalid heartbeat period 1ns: it must be between 100ms and 1m",
  ],
  [
    { Dispatcher: { HeartbeatPeriod: 90 * S } },
    "invalid heartbeat period 90s: it must be between 100ms and 1m",
  ],
  [{ Dispatcher: { EngineLimit: -S } }, "invalid engine limit -1s: it must be between 1s and 1d"],
  [
    { Orchestration: { OrphanAfter: S } },
    "invalid time after which tasks of a node that is down are given up 1s: it must be between 1m and 365d",
  ],
  [
    { Orchestration: { RestartBackOff: { First: 90 * S } } },
    "the first back-off of restarts is longer than their limit",
  ],
  [
    { Orchestration: { NodeAvoidance: { Failures: 101 } } },
    "invalid number of failures for which a node is avoided 101: it must be between 0 and 100",
  ],
  [{ Raft: { HeartbeatTick: 10 } }, "election tick 10 must be greater than heartbeat tick 10"],
  [{ Raft: { ElectionTick: 1_201 } }, "invalid election tick 1201: it must be between 2 and 1200"],
  [{ Raft: { HeartbeatTick: -1 } }, "invalid heartbeat tick -1: it must be between 1 and 1200"],
])("%j is refused", (spec, words) => {
  expect(() => checkSettings(mergeSwarmSpec(completeSwarmSpec({}), spec))).toThrow(words);
});
