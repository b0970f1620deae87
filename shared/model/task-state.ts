/**
 * The states of a task, in order. A task only moves forward along this list: of two observations
 * the later state is the truer one. What the cluster wants (desired) and what an agent saw
 * (observed) are two types.
 */
export const OBSERVED_STATES = [
  "new",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
] as const;
export type ObservedState = (typeof OBSERVED_STATES)[number];

/**
 * `ready`: prepare, but do not start yet; `complete`: run to the end; `remove`: stop and forget.
 */
export const DESIRED_STATES = ["ready", "running", "complete", "shutdown", "remove"] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

const OBSERVED_RANK = rankOf(OBSERVED_STATES);
const DESIRED_RANK = rankOf(DESIRED_STATES);

function rankOf<State extends string>(states: readonly State[]): ReadonlyMap<State, number> {
  return new Map(states.map((state, index) => [state, index]));
}

/** Place in the order above: a task never goes to a lower one. */
export function observedRank(state: ObservedState): number {
  return OBSERVED_RANK.get(state) ?? 0;
}

export function desiredRank(state: DesiredState): number {
  return DESIRED_RANK.get(state) ?? 0;
}

/** No container of this task runs or will run. */
export function isTerminal(state: ObservedState): boolean {
  return observedRank(state) >= observedRank("complete");
}

/** The cluster still wants this task to run, now or after its restart delay. */
export function isWanted(state: DesiredState): boolean {
  return desiredRank(state) <= desiredRank("complete");
}

/**
 * Whether an observation may follow another: forward only, terminal states are
 * final but for `orphaned`.
 */
export function mayFollow(next: ObservedState, current: ObservedState): boolean {
  if (isTerminal(current)) return next === "orphaned" && current !== "orphaned";
  return observedRank(next) > observedRank(current);
}
