import fc from "fast-check";
import { expect, test } from "vitest";

import type { AssignmentSet } from "../../../shared/model/assignment.js";
import { LOWEST_FENCE } from "../../../shared/model/fence.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { DESIRED_STATES } from "../../../shared/model/task-state.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../../test/samples/objects.js";
import type { Change } from "../../store/core/change.js";
import { createMemoryStore } from "../../store/memory-store.js";
import type { Store } from "../../store/store.js";
import { assignedTasks, concernedNode } from "./assignments.js";
import { AssignmentSession, CHANGES_HELD_MAX } from "./session.js";

const MINE = "n0" as NodeId;

/** What an agent makes of the sets that it is sent, written as plainly as can be. */
class ModelAgent {
  readonly tasks = new Map<TaskId, Task["desired"]>();
  readonly templates = new Set<string>();
  #sequence = 0;

  apply(set: AssignmentSet): void {
    expect(set.sequence).toBe(++this.#sequence);
    if (set.kind === "complete") this.tasks.clear();
    for (const { serviceId, revision } of set.templates)
      this.templates.add(`${serviceId}/${revision}`);
    for (const task of set.tasks) {
      expect(task.nodeId).toBe(MINE);
      expect(this.templates).toContain(`${task.serviceId}/${task.revision}`);
      this.tasks.set(task.id, task.desired);
    }
    for (const taskId of set.removed) this.tasks.delete(taskId);
  }
}

async function newStore(): Promise<Store> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  await apply(
    store,
    ...["n0", "n1"].map((id): Change => ({ kind: "create-node", node: sampleNode({ id }) })),
  );
  for (const id of ["s0", "s1"]) {
    const { service, revision } = sampleService({ id, name: id });
    await apply(store, { kind: "create-service", service, revision });
  }
  return store;
}

async function apply(store: Store, ...changes: Change[]): Promise<void> {
  await store.update((tx) => {
    for (const change of changes) tx.apply(change);
  });
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("create" as const),
    node: fc.constantFrom("n0", "n1"),
    service: fc.constantFrom("s0", "s1"),
    state: fc.constantFrom("pending", "assigned", "running"),
  }),
  fc.record({
    kind: fc.constant("want" as const),
    which: fc.nat(),
    desired: fc.constantFrom(...DESIRED_STATES),
  }),
  fc.record({
    kind: fc.constant("observe" as const),
    which: fc.nat(),
    state: fc.constantFrom("assigned", "running", "failed", "orphaned"),
  }),
  fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }),
  fc.constant({ kind: "send" as const }),
  fc.constant({ kind: "resend" as const }),
);

test("an agent that applies what it is sent has exactly its own tasks, as they are wanted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const store = await newStore();
      const session = new AssignmentSession(MINE);
      const agent = new ModelAgent();
      store.watch((batch) => {
        for (const concerned of batch.events.map(concernedNode)) {
          if (concerned?.nodeId === MINE) session.taskChanged(concerned.taskId);
        }
      });
      const send = (): void => {
        const set = session.next(store.committed, LOWEST_FENCE);
        if (set !== undefined) agent.apply(set);
      };
      for (const [number, action] of steps.entries()) {
        if (action.kind === "send") send();
        else if (action.kind === "resend") session.oweComplete();
        // A change that does not fit changes nothing.
        else await change(store, action, number).catch(() => undefined);
      }
      send();
      const wanted = assignedTasks(store.committed, MINE).map(({ id, desired }) => [id, desired]);
      expect([...agent.tasks].sort()).toEqual(wanted.sort());
      expect(session.next(store.committed, LOWEST_FENCE)).toBeUndefined();
    }),
  );
});

async function change(
  store: Store,
  action: Exclude<
    typeof step extends fc.Arbitrary<infer Step> ? Step : never,
    { kind: "send" | "resend" }
  >,
  number: number,
): Promise<void> {
  if (action.kind === "create") {
    const { node, service, state } = action;
    const task = sampleTask({ id: `t${number}`, node, service, state, slot: number });
    await apply(store, { kind: "create-task", task });
    return;
  }
  const tasks = store.committed.tasks();
  const taskId = tasks[action.which % tasks.length]?.id;
  if (taskId === undefined) return;
  if (action.kind === "want")
    await apply(store, { kind: "want-task", taskId, desired: action.desired });
  else if (action.kind === "remove") await apply(store, { kind: "remove-task", taskId });
  else {
    const status = { state: action.state, atMs: 0, message: "" } as const;
    await apply(store, { kind: "observe-task", taskId, status });
  }
}

test("too many changes become one complete set", async () => {
  const store = await newStore();
  const session = new AssignmentSession(MINE);
  expect(session.next(store.committed, LOWEST_FENCE)?.kind).toBe("complete");
  for (let i = 0; i < CHANGES_HELD_MAX; i++) session.taskChanged(`t${i}` as TaskId);
  session.taskChanged("one more" as TaskId);
  expect(session.next(store.committed, LOWEST_FENCE)).toMatchObject({
    kind: "complete",
    sequence: 2,
    removed: [],
  });
});

test("a template is sent once, and again when its service is relabelled", async () => {
  const store = await newStore();
  const session = new AssignmentSession(MINE);
  const sent = async (slot: number): Promise<number> => {
    const task = sampleTask({ id: `t${slot}`, node: MINE, service: "s0", state: "assigned", slot });
    await apply(store, { kind: "create-task", task });
    session.taskChanged(task.id);
    return session.next(store.committed, LOWEST_FENCE)?.templates.length ?? -1;
  };
  expect(await sent(1)).toBe(1);
  expect(await sent(2)).toBe(0);
  const serviceId = "s0" as ServiceId;
  const frame = store.committed.service(serviceId)!.frame;
  await apply(store, {
    kind: "update-service",
    serviceId,
    frame: { ...frame, Labels: { a: "b" } },
    revision: 1,
  });
  expect(await sent(3)).toBe(1);
  expect(await sent(4)).toBe(0);
});
