import { expect, test } from "vitest";

import { heartbeatPeriodMs } from "./heartbeat-period.js";

test.each([
  ["a few nodes", 3, undefined, 500],
  ["five hundred", 500, undefined, 500],
  ["a thousand: each is heard of within a second", 1_000, undefined, 667],
  ["more: together no more than 1,500 heartbeats a second", 3_000, undefined, 2_000],
  ["what the spec says", 3, 5e9, 5_000],
  ["the spec's shorter one", 3, 200e6, 200],
  ["but not absurdly short", 3, 1e6, 100],
  ["nor absurdly long", 3, 3_600e9, 60_000],
  ["nor shorter than the manager can hear", 3_000, 200e6, 2_000],
  ["zero is Docker's word for the default", 3, 0, 500],
])("%s", (_case, nodes, wantedNanoseconds, periodMs) => {
  expect(heartbeatPeriodMs(nodes, wantedNanoseconds)).toBe(periodMs);
});
