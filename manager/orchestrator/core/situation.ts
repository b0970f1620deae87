/**
 * What a plan for one service is made from: the store's view, looked at through the service,
 * and how long this leader has known what it waits for. Templates are read once per
 * revision, not once per task.
 */
import type { Platform } from "../../../shared/docker-api/platform.js";
import type { UpdateConfig } from "../../../shared/docker-api/service-spec.js";
import type { RestartPolicy, TaskSpec } from "../../../shared/docker-api/task-spec.js";
import {
  type Constraint,
  matchesNode,
  parseConstraints,
} from "../../../shared/model/constraint.js";
import type { TaskId } from "../../../shared/model/ids.js";
import { drainDeadlineMs, type Node } from "../../../shared/model/node.js";
import { runsPlatform } from "../../../shared/model/platform.js";
import { hashWithoutPlacement } from "../../../shared/model/revision.js";
import { isJob, type Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { StoreView } from "../../store/core/view.js";
import type { Goal } from "./action.js";
import { backOffOf } from "./cluster-rules.js";
import { type Footing, footingOf } from "./node-changes.js";
import { type BackOff, type Sequel, sequelOf } from "./restart.js";

/** When a plan is made. */
export interface PlanTime {
  /** On the clock that never goes back. */
  readonly nowMs: number;
  /** Wall clock of the command: compared with what outlives any leader:
   * times of restarts and deadlines. */
  readonly atMs: number;
}

interface RevisionFacts {
  readonly policy: RestartPolicy;
  readonly constraints: readonly Constraint[];
  readonly platforms: readonly Platform[];
  readonly stopGraceMs: number;
  readonly hash: string | undefined;
}

const NS_PER_MS = 1e6;

export class Situation {
  readonly view: StoreView;
  readonly service: Service;
  readonly time: PlanTime;
  readonly #readySince: ReadonlyMap<TaskId, number>;
  readonly #revisions = new Map<number, RevisionFacts>();
  /** By revision: whether nothing but its placement differs from the present one. */
  readonly #sameBut = new Map<number, boolean>();
  readonly #currentHash: string | undefined;
  readonly #isJob: boolean;
  #backOff: BackOff | undefined;

  /** @param readySince when this leader first saw a task waiting with desired state `ready` */
  constructor(
    view: StoreView,
    service: Service,
    time: PlanTime,
    readySince: ReadonlyMap<TaskId, number>,
  ) {
    this.view = view;
    this.service = service;
    this.time = time;
    this.#readySince = readySince;
    this.#isJob = isJob(service.frame);
    this.#currentHash = this.#factsOf(service.revision).hash;
  }

  /**
   * Whether the task runs what the service now says, under whatever revision number; of a job,
   * whether it belongs to the present run. Placement chooses a node, and is no part of what runs
   * there: where it alone is another, a task is current whose node could still be chosen. (As in
   * Docker, preferences and numbers per node only count for tasks to come.)
   */
  isCurrent(task: Task): boolean {
    if (this.#isJob) return task.revision === this.service.revision;
    if (this.#factsOf(task.revision).hash === this.#currentHash) return true;
    const node = task.nodeId === undefined ? undefined : this.view.node(task.nodeId);
    if (node === undefined || !this.acceptsNode(node) || !this.#runsTheSame(task.revision)) {
      return false;
    }
    return runsPlatform(node, this.#factsOf(this.service.revision).platforms);
  }

  /**
   * Of what follows on the task in its slot. It keeps the task's own, as a new template is spread by
   * the updater alone; but a task that is current save for constraints could be followed, by its own,
   * on a node that the present ones refuse.
   */
  revisionAfter(task: Task): number {
    const sameHash = this.#factsOf(task.revision).hash === this.#currentHash;
    return !sameHash && this.isCurrent(task) ? this.service.revision : task.revision;
  }

  /** What the service's tasks are for. */
  get goal(): Goal {
    return this.#isJob ? "complete" : "running";
  }

  /** A job's task that ran to its end. */
  isDone(task: Task): boolean {
    return this.#isJob && task.status.state === "complete";
  }

  /**
   * What follows on a task that has ended by itself.
   * @param atMs wall clock of when that is judged
   */
  sequelOf(task: Task, atMs: number): Sequel {
    return this.isDone(task)
      ? { kind: "finish" }
      : sequelOf(task, this.policyOf(task), atMs, this.backOff);
  }

  /** The cluster's, on top of what the service's own policy says. */
  get backOff(): BackOff {
    return (this.#backOff ??= backOffOf(this.view));
  }

  policyOf(task: Task): RestartPolicy {
    return this.#factsOf(task.revision).policy;
  }

  /** Whether the service's present constraints let it run on the node. */
  acceptsNode(node: Node): boolean {
    return matchesNode(this.#factsOf(this.service.revision).constraints, node);
  }

  footingOf(task: Task): Footing {
    const node = task.nodeId === undefined ? undefined : this.view.node(task.nodeId);
    return footingOf(task, node, this.#factsOf(task.revision).constraints);
  }

  /** How much longer the task may stay on its node, which is drained by a deadline (ms). */
  leaveInMs(task: Task): number | undefined {
    const node = task.nodeId === undefined ? undefined : this.view.node(task.nodeId);
    const deadlineMs = node === undefined ? undefined : drainDeadlineMs(node);
    return deadlineMs === undefined ? undefined : deadlineMs - this.time.atMs;
  }

  stopGraceMs(task: Task): number {
    return this.#factsOf(task.revision).stopGraceMs;
  }

  /** How long this leader has seen the task wait (ms). */
  waitedMs(task: Task): number {
    return this.time.nowMs - (this.#readySince.get(task.id) ?? this.time.nowMs);
  }

  /**
   * How long the task has waited since it was made (ms). A new leader knows that by the wall clock
   * alone; one that was set back makes the wait begin afresh, and no longer than that.
   */
  ageMs(task: Task): number {
    return Math.max(this.waitedMs(task), this.time.atMs - task.createdAtMs);
  }

  updateConfig(): UpdateConfig {
    return this.service.frame.UpdateConfig ?? {};
  }

  /** Whether tasks of that revision are made from the same as those of the present one. */
  #runsTheSame(number: number): boolean {
    let same = this.#sameBut.get(number);
    if (same === undefined) {
      const [there, here] = [number, this.service.revision].map((each) => {
        const revision = this.view.revision(this.service.id, each);
        return revision === undefined ? undefined : hashWithoutPlacement(revision);
      });
      same = there !== undefined && there === here;
      this.#sameBut.set(number, same);
    }
    return same;
  }

  #factsOf(number: number): RevisionFacts {
    const known = this.#revisions.get(number);
    if (known !== undefined) return known;
    const revision = this.view.revision(this.service.id, number);
    const facts = factsOf(revision?.template ?? {}, revision?.hash);
    this.#revisions.set(number, facts);
    return facts;
  }
}

function factsOf(template: TaskSpec, hash: string | undefined): RevisionFacts {
  return {
    policy: template.RestartPolicy ?? {},
    constraints: parseConstraints(template.Placement?.Constraints ?? []),
    platforms: template.Placement?.Platforms ?? [],
    stopGraceMs: (template.ContainerSpec?.StopGracePeriod ?? 0) / NS_PER_MS,
    hash,
  };
}
