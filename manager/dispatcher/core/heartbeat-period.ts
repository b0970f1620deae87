/**
 * How often agents send heartbeats: what the cluster's spec says, longer
 * where there are many nodes.
 */

/** All agents together: more would keep a core of the leader busy with being greeted. */
const HEARTBEATS_PER_SECOND = 1_500;
const USUAL_PERIOD_MS = 500;
const SHORTEST_PERIOD_MS = 100;
/** Beyond that nobody would notice a dead node in time for anything. */
const LONGEST_PERIOD_MS = 60_000;
const NANOSECONDS_PER_MS = 1_000_000;
const MS_PER_SECOND = 1_000;

/** @param wantedNanoseconds the spec's `Dispatcher.HeartbeatPeriod`. @returns milliseconds. */
export function heartbeatPeriodMs(nodes: number, wantedNanoseconds: number | undefined): number {
  const wantedMs = (wantedNanoseconds ?? 0) / NANOSECONDS_PER_MS || USUAL_PERIOD_MS;
  const affordableMs = Math.ceil((nodes * MS_PER_SECOND) / HEARTBEATS_PER_SECOND);
  return Math.min(LONGEST_PERIOD_MS, Math.max(SHORTEST_PERIOD_MS, wantedMs, affordableMs));
}
