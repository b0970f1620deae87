/**
 * The rebalance: tasks of a replicated service that move to where there are fewer of them, because
 * a user asked for it or because the cluster is set to do so when nodes come back.
 *
 * Each move starts the new task first and is bound to the node that it was found good for, so that
 * it ends in a better spread or not at all. That one is under way stands on the service, the moves
 * in their tasks: a new leader goes on where the last one was. It is over when no move would make
 * the spread better, which must come, as each makes it better by a whole number (`spread.ts`) and a
 * node to which one failed is not tried again.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";
import type { RebalanceProgress } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { type Action, NO_RESTARTS } from "../../orchestrator/core/action.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { isOver, type Slot, type SlotKey } from "../../orchestrator/core/slot.js";
import { avoidanceRules, FailureLog } from "../../scheduler/core/failure-log.js";
import { isOutdated } from "../../updater/core/slot-progress.js";
import { isPaused, isUnderWay } from "../../updater/core/update-rules.js";
import { type Choice, chooseMoves, type Move, type Source } from "./choose-moves.js";
import { Destinations } from "./destinations.js";
import { type MoveState, moveState, placeOf } from "./moves-under-way.js";
import type { ReadyTimes } from "./ready-times.js";
import { type RebalanceRules, rebalanceRules } from "./rebalance-rules.js";
import { progressAfter, startedRebalance } from "./rebalance-words.js";
import { Spread } from "./spread.js";

export interface RebalancePlan {
  readonly actions: readonly Action[];
  /** Slots that `actions` are about: nothing else is to be done in them. */
  readonly started: ReadonlySet<SlotKey>;
  readonly wakeInMs?: number;
}

const NOTHING: RebalancePlan = { actions: [], started: new Set() };

/** In one plan, whatever the parallelism: what then runs is a reason to plan again. */
const MOVES_PER_PLAN = 100;
/** A node that a task could not move to is not tried by the cluster itself for so long. */
const AVOIDED_MS = 3_600_000;

/** @param slots the held ones that stay */
export function planRebalance(
  slots: readonly Slot[],
  situation: Situation,
  readyTimes: ReadyTimes,
): RebalancePlan {
  const { service, view } = situation;
  if (service.frame.Mode?.Replicated === undefined) return NOTHING;
  const rules = rebalanceRules(view);
  const isRunning = service.rebalance?.state === "rebalancing";
  const isConcerned =
    isRunning || rules.when === "on-return" || slots.some(({ wanted }) => wanted.length > 1);
  if (!isConcerned) return NOTHING;
  const course = new Course(slots, situation, { rules, readyTimes });
  if (isBeingUpdated(slots, situation)) return course.plan([]);
  if (isRunning) return course.goOn(service.rebalance);
  return rules.when === "on-return" ? course.beginIfUneven() : course.plan([]);
}

/** What is about to be replaced is not moved first, and moves wait for what the user says of a pause. */
function isBeingUpdated(slots: readonly Slot[], situation: Situation): boolean {
  const { update } = situation.service;
  if (isUnderWay(update) || isPaused(update)) return true;
  return slots.some((slot) => isOutdated(slot, situation));
}

class Course {
  readonly #slots: readonly Slot[];
  readonly #situation: Situation;
  readonly #rules: RebalanceRules;
  readonly #readyTimes: ReadyTimes;
  readonly #spread: Spread;
  readonly #destinations: Destinations;
  readonly #states: readonly MoveState[];

  constructor(
    slots: readonly Slot[],
    situation: Situation,
    { rules, readyTimes }: { readonly rules: RebalanceRules; readonly readyTimes: ReadyTimes },
  ) {
    const { view, service } = situation;
    this.#slots = slots;
    this.#situation = situation;
    this.#rules = rules;
    this.#readyTimes = readyTimes;
    this.#destinations = new Destinations(view, service.id, service.revision);
    const packed = view.cluster()?.spec.Orchestration?.PlacementStrategy === "binpack";
    this.#spread = new Spread({
      labels: this.#destinations.spreadOver,
      nodes: packed ? "packed" : "spread",
    });
    for (const { wanted } of slots) {
      const latest = wanted.at(-1);
      const node = latest && placeOf(latest, situation);
      if (node !== undefined) this.#spread.count(node, 1);
    }
    this.#states = slots.map((slot) => moveState(slot, situation, this.#spread));
  }

  /** Moves that came to nothing are given up whatever else is done. */
  plan(actions: readonly Action[], moves: readonly Move[] = []): RebalancePlan {
    const givenUp: Action[] = [];
    const started = new Set<SlotKey>(moves.map(({ slot }) => slot.key));
    for (const [i, state] of this.#states.entries()) {
      if (state.kind !== "given-up") continue;
      givenUp.push({ kind: "stop-task", taskId: state.newcomer.id });
      const slot = this.#slots[i];
      if (slot !== undefined) started.add(slot.key);
    }
    return {
      actions: [...givenUp, ...moves.map((move) => this.#begin(move)), ...actions],
      started,
    };
  }

  goOn(before: RebalanceProgress): RebalancePlan {
    const { parallelism } = this.#rules;
    const arrived = this.#count("arrived");
    const coming = this.#count("coming");
    const failedAt = this.#states.flatMap((state) =>
      state.kind === "given-up" && state.avoid !== undefined ? [state.avoid] : [],
    );
    const avoided = [...new Set([...before.avoided, ...failedAt])];
    const room = Math.min(MOVES_PER_PLAN, parallelism === 0 ? MOVES_PER_PLAN : parallelism);
    const targets = this.#targets(before.by, new Set(avoided));
    const { moves, isWaiting } = this.#choose(targets, Math.max(0, room - coming));
    const underWay = coming + arrived + this.#count("given-up");
    const settled = underWay === 0 && !this.#isRoomComing();
    const isOver = settled && moves.length === 0 && !isWaiting;
    const { atMs } = this.#situation.time;
    const moved = before.moved + arrived;
    const after = progressAfter(before, { moved, avoided, isOver, atMs });
    if (after === before) return this.plan([], moves);
    const { startedAtMs: basis } = before;
    return this.plan([{ kind: "observe-rebalance", basis, rebalance: after }], moves);
  }

  /** The cluster's own doing: of settled nodes alone, and not too often. */
  beginIfUneven(): RebalancePlan {
    const { atMs } = this.#situation.time;
    const { rebalance } = this.#situation.service;
    const restMs = this.#restMs(rebalance?.completedAtMs);
    if (restMs > 0) return { ...this.plan([]), wakeInMs: restMs };
    const targets = this.#targets("cluster", this.#stillAvoided());
    const { moves } = this.#choose(targets, 1);
    if (moves.length === 0) return this.#wakingWhenSettled(this.plan([]));
    const basis = rebalance?.startedAtMs;
    const action = {
      kind: "observe-rebalance",
      ...(basis !== undefined && { basis }),
      rebalance: startedRebalance("cluster", atMs),
    } as const;
    return this.plan([action]);
  }

  /** A clock that was set back must not make the rest last for ever. */
  #restMs(completedAtMs: number | undefined): number {
    const sinceMs = this.#situation.time.atMs - (completedAtMs ?? -Infinity);
    return sinceMs < 0 ? 0 : this.#rules.coolDownMs - sinceMs;
  }

  /** What failed may go well by now: after a while, and where the node has come back since. */
  #stillAvoided(): ReadonlySet<NodeId> {
    const { avoided = [], completedAtMs } = this.#situation.service.rebalance ?? {};
    const sinceMs = this.#situation.time.atMs - (completedAtMs ?? 0);
    if (sinceMs > AVOIDED_MS) return new Set();
    return new Set(avoided.filter((id) => this.#readyTimes.readyForMs(id) >= sinceMs));
  }

  #wakingWhenSettled(plan: RebalancePlan): RebalancePlan {
    const waits = this.#situation.view
      .nodes()
      .filter(isOpen)
      .map(({ id }) => this.#rules.coolDownMs - this.#readyTimes.readyForMs(id))
      .filter((waitMs) => waitMs > 0);
    return waits.length === 0 ? plan : { ...plan, wakeInMs: Math.min(...waits) };
  }

  #choose(targets: readonly Node[], limit: number): Choice {
    const sources = this.#slots.flatMap((slot) => this.#sourceOf(slot) ?? []);
    const choosing = {
      spread: this.#spread,
      sources,
      targets,
      destinations: this.#destinations,
    };
    return chooseMoves(choosing, limit);
  }

  /** Only what stays where it is if it is left alone can gain by a move. */
  #sourceOf(slot: Slot): Source | undefined {
    const [task, ...others] = slot.wanted;
    if (task?.desired !== "running" || others.length > 0) return undefined;
    const node = placeOf(task, this.#situation);
    if (node === undefined || !isOpen(node)) return undefined;
    if (!this.#situation.isCurrent(task) || this.#situation.footingOf(task) !== "firm") {
      return undefined;
    }
    return { slot, node, movable: task.status.state === "running" ? "now" : "soon" };
  }

  #targets(by: RebalanceProgress["by"], avoided: ReadonlySet<NodeId>): readonly Node[] {
    const { view, time } = this.#situation;
    const failing = this.#failures().avoided(time.atMs, avoidanceRules(view.cluster()));
    const settledAfterMs = by === "cluster" ? this.#rules.coolDownMs : 0;
    return view
      .nodes()
      .filter(isOpen)
      .filter(({ id }) => !avoided.has(id) && !failing.has(id))
      .filter(({ id }) => this.#readyTimes.readyForMs(id) >= settledAfterMs);
  }

  #failures(): FailureLog {
    const log = new FailureLog();
    const past = this.#slots.flatMap((slot) => slot.past);
    for (const task of past) if (this.#situation.isCurrent(task)) log.note(task);
    return log;
  }

  #begin({ slot, from, to }: Move): Action {
    const [old] = slot.wanted;
    if (old === undefined) throw new Error("a slot without a task has nothing to move");
    return {
      kind: "replace-task",
      taskId: old.id,
      order: "start-first",
      successor: {
        slot: slot.key,
        revision: this.#situation.revisionAfter(old),
        desired: "running",
        restarts: { ...NO_RESTARTS, earlierMs: old.restartsAtMs ?? [] },
        move: { from: from.id, to: to.id },
      },
    };
  }

  /** A task that is about to stop holds what the next move may need. */
  #isRoomComing(): boolean {
    const holdsRoom = (task: Task): boolean =>
      !isOver(task) && placeOf(task, this.#situation)?.status.state === "ready";
    return this.#slots.some(({ past, leaving }) => [...past, ...leaving].some(holdsRoom));
  }

  #count(kind: MoveState["kind"]): number {
    return this.#states.filter((state) => state.kind === kind).length;
  }
}

function isOpen(node: Node): boolean {
  return node.status.state === "ready" && nodeAvailability(node) === "active";
}
