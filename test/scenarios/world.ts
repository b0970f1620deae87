/**
 * A manager's planning half in simulated time: a store in memory, the orchestrator and the
 * scheduler as they run on a leader, and hosts that do what they are told.
 */
import { Allocator } from "../../manager/allocator/allocator.js";
import { LatelyFreed } from "../../manager/allocator/core/lately-freed.js";
import { planRollback, planRollbackTo } from "../../manager/api/core/plan-service.js";
import { type LeaderKnowledge, NO_KNOWLEDGE } from "../../manager/explain/core/knowledge.js";
import { latestTask, slotKey, slotOf, tasksOfSlot } from "../../manager/orchestrator/core/slot.js";
import { Orchestrator } from "../../manager/orchestrator/orchestrator.js";
import type { MemoryLog } from "../../manager/raft/memory-log.js";
import { Scheduler } from "../../manager/scheduler/scheduler.js";
import type { Change } from "../../manager/store/core/change.js";
import type { StoreView } from "../../manager/store/core/view.js";
import { createMemoryStore } from "../../manager/store/memory-store.js";
import type { StoreAccess } from "../../manager/store/store-access.js";
import { completeServiceSpec } from "../../shared/docker-api/defaults.js";
import type { ServiceSpec } from "../../shared/docker-api/service-spec.js";
import { newId, type NodeId, type ServiceId } from "../../shared/model/ids.js";
import type { Node } from "../../shared/model/node.js";
import { revisionHash } from "../../shared/model/revision.js";
import { type Service, serviceName } from "../../shared/model/service.js";
import type { Task } from "../../shared/model/task.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { type Random, seededRandom } from "../../shared/ports/random.js";
import { sampleCluster } from "../samples/objects.js";
import { Hosts } from "./hosts.js";

/** From a proposal to its commit: others' proposals come in between, and some may be lost. */
const COMMIT_MS = 2;

export class World {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly store: StoreAccess;
  readonly log: MemoryLog;
  readonly hosts: Hosts;
  #orchestrator: Orchestrator | undefined;
  #leading: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  private constructor(seed: string) {
    this.random = seededRandom(seed);
    const { clock } = this;
    const schedule = (commit: () => void): void => void clock.after(COMMIT_MS, commit);
    const { store, log } = createMemoryStore({ clock, schedule });
    this.store = store;
    this.log = log;
    this.hosts = new Hosts(this.store, this.clock);
    this.store.watch(({ events }) => {
      for (const { type, after } of events) {
        if (type === "task" && after !== undefined) this.#places.set(after.id, after);
      }
    });
  }

  static async start(seed: string): Promise<World> {
    const world = new World(seed);
    await world.change({ kind: "create-cluster", cluster: sampleCluster() });
    world.#lead("first");
    return world;
  }

  get view(): StoreView {
    return this.store.committed;
  }

  /** What the leader knows and the store does not say. */
  get knowledge(): LeaderKnowledge {
    return this.#orchestrator?.knowledge ?? NO_KNOWLEDGE;
  }

  /** Simulated time passes. */
  async wait(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  async change(...changes: Change[]): Promise<void> {
    const committed = this.store.update((tx) => {
      for (const change of changes) tx.apply(change);
    });
    await this.wait(COMMIT_MS);
    await committed;
  }

  /** Another manager leads from now on: it knows what is in the store, and nothing else. */
  async changeLeader(): Promise<void> {
    await this.stop();
    this.#lead(`after ${this.view.sequence}`);
    await this.wait(0);
  }

  /**
   * What is proposed and not committed never will be, as when a leader loses
   * its followers for a moment.
   */
  loseProposals(): void {
    this.log.dropWaiting();
  }

  async stop(): Promise<void> {
    this.#leading?.stop.abort();
    await this.wait(COMMIT_MS);
    await this.#leading?.ended;
    this.#leading = undefined;
  }

  async createService(spec: ServiceSpec): Promise<void> {
    await this.change(this.createChange(spec, newId<ServiceId>(this.random)));
  }

  createChange(spec: ServiceSpec, serviceId: ServiceId): Change {
    const { TaskTemplate: template, ...frame } = completeServiceSpec(spec);
    const times = { createdAtMs: 0, updatedAtMs: 0 };
    return {
      kind: "create-service",
      service: { id: serviceId, version: 0, ...times, frame, revision: 1 },
      revision: {
        serviceId,
        number: 1,
        createdAtMs: this.clock.wallMs(),
        by: "docker",
        template,
        hash: revisionHash(template),
      },
    };
  }

  async updateService(name: string, edit: (spec: ServiceSpec) => ServiceSpec): Promise<void> {
    await this.change(this.updateChange(name, edit));
  }

  /** As the gate does: the same template again is no new revision. */
  updateChange(name: string, edit: (spec: ServiceSpec) => ServiceSpec): Change {
    const service = this.service(name);
    const { id: serviceId, frame: oldFrame, revision: oldNumber } = service;
    const old = this.view.revision(serviceId, oldNumber);
    const { TaskTemplate: template, ...frame } = completeServiceSpec(
      edit({ ...oldFrame, TaskTemplate: old?.template ?? {} }),
    );
    const hash = revisionHash(template);
    const newest = this.view.revisions(serviceId).at(-1)?.number ?? 0;
    const number = hash === old?.hash ? oldNumber : newest + 1;
    const createdAtMs = this.clock.wallMs();
    const newRevision = { serviceId, number, createdAtMs, by: "docker", template, hash };
    return {
      kind: "update-service",
      serviceId,
      frame,
      revision: number,
      ...(number === oldNumber ? {} : { newRevision }),
      previous: { frame: oldFrame, revision: oldNumber },
    };
  }

  /** @param to the revision; undefined: the one before */
  async rollBack(name: string, to?: number): Promise<void> {
    const service = this.service(name);
    const planned = { expectedVersion: service.version, atMs: this.clock.wallMs(), by: "docker" };
    const change =
      to === undefined
        ? planRollback(this.view, service, planned)
        : planRollbackTo(this.view, service, to, planned);
    await this.change(change);
  }

  service(name: string): Service {
    const service = this.view.serviceByName(name);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service;
  }

  node(id: string): Node {
    const node = this.view.node(id as NodeId);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** @param place `web.1`, or `web.n1` where the node stands for the slot: the task that is wanted there and has not ended */
  taskAt(place: string): Task {
    const task = this.#findTask(place);
    if (task === undefined) throw new Error(`nothing runs at ${place}`);
    return task;
  }

  runsAt(place: string): boolean {
    return this.#findTask(place) !== undefined;
  }

  /** Wanted and ended or not: the newest of the slot. */
  latestAt(place: string): Task {
    const task = latestTask(slotOf(1, this.#tasksAt(place)));
    if (task === undefined) throw new Error(`there is no task at ${place}`);
    return task;
  }

  #tasksAt(place: string): readonly Task[] {
    const [name = "", slot = ""] = place.split(".");
    const key = Number.isNaN(Number(slot)) ? (slot as NodeId) : Number(slot);
    return tasksOfSlot(this.view, this.service(name).id, key);
  }

  #findTask(place: string): Task | undefined {
    return this.#tasksAt(place).find(
      (each) =>
        isWanted(each.desired) &&
        !isTerminal(each.status.state) &&
        !this.hosts.isCutOff(each.nodeId),
    );
  }

  /** Names of services that still have tasks, removed ones under their last name. */
  readonly names = new Map<ServiceId, string>();

  readonly #places = new Map<string, Task>();

  /** Where a task is or was: `web.1`. */
  placeOf(taskId: string): string {
    const task = this.#places.get(taskId);
    return task === undefined ? taskId : `${this.names.get(task.serviceId) ?? ""}.${slotKey(task)}`;
  }

  rememberNames(): void {
    for (const service of this.view.services()) {
      this.names.set(service.id, serviceName(service.frame));
    }
  }

  #lead(term: string): void {
    const { store, clock } = this;
    const stop = new AbortController();
    const options = { store, clock, logger: silentLogger };
    const random = this.random.fork(`orchestrator ${term}`);
    this.#orchestrator = new Orchestrator({ ...options, random });
    const loops = [
      this.#orchestrator,
      new Allocator({ ...options, freed: new LatelyFreed() }),
      new Scheduler(options),
    ];
    const ended = Promise.all(loops.map((loop) => loop.run({ signal: stop.signal })));
    this.#leading = { stop, ended };
  }
}
