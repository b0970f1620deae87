import { afterEach, beforeEach, expect, test } from "vitest";

import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { TaskStatus } from "../../shared/model/task.js";
import type { ObservedState } from "../../shared/model/task-state.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import type { TaskStatusUpdate } from "../../shared/rpc/dispatcher-messages.js";
import { sampleNode, sampleService, sampleTask } from "../../test/samples/objects.js";
import { createMemoryStore, type MemoryStore } from "../store/memory-store.js";
import { StatusWriter, WRITE_PERIOD_MS } from "./status-writer.js";

const NODE = "n1" as NodeId;
const TASKS = 700;

let clock: ManualClock;
let memory: MemoryStore;
let writer: StatusWriter;
let term: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  clock = new ManualClock();
  memory = createMemoryStore({ clock });
  const { service, revision } = sampleService();
  await memory.store.update((tx) => {
    tx.apply({ kind: "create-node", node: sampleNode({ id: NODE }) });
    tx.apply({ kind: "create-service", service, revision });
    for (let slot = 1; slot <= TASKS; slot++) {
      tx.apply({ kind: "create-task", task: sampleTask({ slot, node: NODE, state: "assigned" }) });
    }
  });
  writer = new StatusWriter({ store: memory.store, clock, logger: silentLogger });
  term = new AbortController();
  running = writer.run({ signal: term.signal });
});

afterEach(async () => {
  term.abort();
  await running;
});

function update(
  slot: number,
  state: ObservedState,
  more: Partial<TaskStatus> = {},
): TaskStatusUpdate {
  return { taskId: `task${slot}` as TaskId, status: { state, atMs: 0, message: "", ...more } };
}

const stateOf = (slot: number): string | undefined =>
  memory.store.committed.task(`task${slot}` as TaskId)?.status.state;

/** Sequence numbers and sizes of the commands that were committed. */
function commands(): number[] {
  const sizes: number[] = [];
  memory.store.watch(({ events }) => sizes.push(events.length));
  return sizes;
}

test("what comes within a period is one command, however it comes", async () => {
  const sizes = commands();
  const stored = [1, 2, 3].map((slot) => writer.add(NODE, [update(slot, "running")]));
  await clock.advance(5);
  await Promise.all(stored);
  expect(sizes).toEqual([3]);
  const later = [4, 5, 6].map((slot) => writer.add(NODE, [update(slot, "running")]));
  await clock.advance(WRITE_PERIOD_MS - 10);
  expect(sizes).toEqual([3]);
  await clock.advance(20);
  await Promise.all(later);
  expect(sizes).toEqual([3, 3]);
});

test("many are cut into commands of a bounded size", async () => {
  const sizes = commands();
  const all = Array.from({ length: TASKS }, (_, index) => update(index + 1, "running"));
  const stored = writer.add(NODE, all);
  await clock.advance(5);
  await stored;
  expect(sizes).toEqual([500, 200]);
});

test("one that cannot be stored sinks no other", async () => {
  const tooLarge = { containerId: "x".repeat(2_000_000), pid: 1 };
  const stored = writer.add(NODE, [
    update(1, "running"),
    update(2, "running", { container: tooLarge }),
    update(3, "running"),
  ]);
  await clock.advance(5);
  await stored;
  expect([1, 2, 3].map(stateOf)).toEqual(["running", "assigned", "running"]);
});

test("an error of many pages is cut", async () => {
  const stored = writer.add(NODE, [update(1, "failed", { error: "no ".repeat(100_000) })]);
  await clock.advance(5);
  await stored;
  expect(memory.store.committed.task("task1" as TaskId)?.status.error).toHaveLength(2_000);
});

test("a proposal that was dropped is made again, unless something newer has come", async () => {
  memory.log.hold();
  const stored = writer.add(NODE, [update(1, "starting"), update(2, "starting")]);
  await clock.advance(5);
  const newer = writer.add(NODE, [update(1, "running")]);
  memory.log.dropWaiting();
  memory.log.lead(); // the head begins anew, as after a lost and regained lead
  memory.log.release();
  await clock.advance(2 * WRITE_PERIOD_MS);
  await Promise.all([stored, newer]);
  expect([stateOf(1), stateOf(2)]).toEqual(["running", "starting"]);
});

test("who waits when the term ends is told so, and so is who comes later", async () => {
  memory.log.hold();
  const waiting = writer.add(NODE, [update(1, "running")]);
  const told = expect(waiting).rejects.toMatchObject({ code: "no-leader" });
  await clock.advance(1);
  term.abort();
  await running;
  await told;
  await expect(writer.add(NODE, [update(2, "running")])).rejects.toMatchObject({
    code: "no-leader",
  });
});

test("what changes nothing is answered without a command", async () => {
  const sizes = commands();
  await writer.add("n2" as NodeId, [update(1, "running")]);
  await writer.add(NODE, [
    update(1, "assigned"),
    { ...update(1, "running"), taskId: "gone" as TaskId },
  ]);
  expect(sizes).toEqual([]);
});
