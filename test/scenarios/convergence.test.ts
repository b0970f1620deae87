/**
 * Whatever happens to a service, in whatever order: what must never be seen meanwhile, and what
 * must be reached in the end.
 */
import fc from "fast-check";
import { expect, test } from "vitest";

import { NO_MEMORY, planService } from "../../manager/orchestrator/core/plan-service.js";
import { groupBySlot, type Slot } from "../../manager/orchestrator/core/slot.js";
import type { ServiceId } from "../../shared/model/ids.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const NODES = ["n1", "n2", "n3", "n4"];

const node = fc.constantFrom(...NODES);
const time = fc.constantFrom("0s", "60ms", "130ms", "300ms", "1s", "6s", "40s");
/** `crash` and `missing` do not come up, `once` ends well. */
const image = fc.constantFrom("v1", "v2", "v3", "crash", "missing", "once");

/** Things that happen to the service `web`, by its user, its hosts and its managers. */
const event = fc.oneof(
  { weight: 6, arbitrary: time.map((t) => `wait ${t}`) },
  { weight: 3, arbitrary: fc.nat(7).map((slot) => `fail web.${slot + 1}`) },
  { weight: 2, arbitrary: fc.nat(7).map((replicas) => `scale web ${replicas}`) },
  { weight: 2, arbitrary: image.map((name) => `update web image=${name}`) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => `update web parallelism=${n}`) },
  { weight: 2, arbitrary: node.map((id) => `down ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `up ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `drain ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `pause ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `activate ${id}`) },
  { weight: 1, arbitrary: fc.nat(3).map((limit) => `history ${limit}`) },
  { weight: 2, arbitrary: fc.constant("rebalance web") },
  { weight: 1, arbitrary: fc.constant("rebalancing when=on-return cool-down=1s parallelism=2") },
  { weight: 1, arbitrary: fc.constant("change-leader") },
  { weight: 2, arbitrary: fc.constant("lose-proposals") },
);

const story = fc.record({
  replicas: fc.integer({ min: 1, max: 6 }),
  delay: fc.constantFrom("0s", "200ms", "5s"),
  order: fc.constantFrom("stop-first", "start-first"),
  events: fc.array(event, { maxLength: 25 }),
});

interface Story {
  readonly replicas: number;
  readonly delay: string;
  readonly order: string;
  readonly events: readonly string[];
}

async function begin({ replicas, delay, order }: Story): Promise<World> {
  const world = await World.start("convergence");
  await runCommand(world, `nodes ${NODES.length}`);
  const options = `image=v1 replicas=${replicas} delay=${delay} order=${order}`;
  await runCommand(world, `create web ${options}`);
  return world;
}

/** Failing a task that is not there is no event. */
async function happen(world: World, command: string): Promise<void> {
  const [verb, place = ""] = command.split(" ");
  if (verb === "fail" && !world.runsAt(place)) return;
  await runCommand(world, command);
}

function slotsOf(world: World): Slot[] {
  return groupBySlot(world.view.tasksOfService(world.service("web").id));
}

test("a slot never has more tasks that should run than its order allows", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      // A rebalance starts first whatever the service's order is.
      const events = story.events.filter((each) => !each.startsWith("rebalanc"));
      const allowed = story.order === "start-first" ? 2 : 1;
      let most = 0;
      world.store.watch(() => {
        for (const slot of slotsOf(world)) most = Math.max(most, slot.wanted.length);
      });
      for (const command of events) await happen(world, command);
      await world.stop();
      expect(most).toBeLessThanOrEqual(allowed);
    }),
  );
});

test("stop-first, a slot never runs twice on hosts that can be reached", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin({ ...story, order: "stop-first" });
      const twice: string[] = [];
      world.store.watch(() => {
        for (const { key, wanted, past, leaving } of slotsOf(world)) {
          const running = [...wanted, ...past, ...leaving].filter(
            ({ status, nodeId }) => status.state === "running" && !world.hosts.isCutOff(nodeId),
          );
          if (running.length > 1) twice.push(`web.${key}`);
        }
      });
      // A host that returns brings back what it still runs: for that the
      // world's rule allows a while.
      for (const command of story.events.filter((each) => !/^(up|rebalanc)/.test(each))) {
        await happen(world, command);
      }
      await world.stop();
      expect(twice).toEqual([]);
    }),
  );
});

test("when the faults are over, every service comes to its replica count, and then nothing moves", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      for (const command of story.events) await happen(world, command);
      for (const id of NODES) {
        await runCommand(world, `up ${id}`);
        await runCommand(world, `activate ${id}`);
      }
      await runCommand(world, "update web image=healthy");
      await world.wait(20 * 60_000);
      expectConverged(world);
      const { sequence } = world.view;
      await world.changeLeader();
      await world.wait(60_000);
      expect(world.view.sequence).toBe(sequence);
      expect(replan(world, world.service("web").id)).toEqual([]);
      await world.stop();
    }),
  );
});

test("a removed service leaves nothing behind once its hosts are back", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      for (const command of story.events) await happen(world, command);
      await runCommand(world, "remove web");
      for (const id of NODES) await runCommand(world, `up ${id}`);
      await world.wait(60_000);
      expect(world.view.taskCount()).toBe(0);
      expect(world.view.servicesWithTasks()).toEqual([]);
      await world.stop();
    }),
    { numRuns: 50 },
  );
});

test("an update alone never holds down more slots than its parallelism, and start-first none", async () => {
  const update = fc.record({
    replicas: fc.integer({ min: 1, max: 8 }),
    parallelism: fc.integer({ min: 1, max: 3 }),
    order: fc.constantFrom("stop-first", "start-first"),
    delay: fc.constantFrom("0s", "1s"),
    template: fc.constantFrom("v2", "crash", "missing"),
    leaderChangesAt: fc.constantFrom("100ms", "1s", "10s"),
  });
  await fc.assert(
    fc.asyncProperty(update, async (update) => {
      const { replicas, parallelism, order, template } = update;
      const world = await begin({ replicas, delay: "1s", order, events: [] });
      await world.wait(2_000);
      const allowed = order === "start-first" && template === "missing" ? 0 : parallelism;
      let most = 0;
      world.store.watch(() => {
        const down = slotsOf(world).filter((slot) => !isUp(slot));
        most = Math.max(most, down.length);
      });
      const options = `parallelism=${parallelism} update-delay=${update.delay}`;
      await runCommand(world, `update web image=${template} ${options}`);
      await runCommand(world, `wait ${update.leaderChangesAt}`);
      await world.changeLeader();
      await world.wait(30_000);
      await world.stop();
      // Comes up, so the update goes on, and then fails everywhere.
      if (template === "crash") return;
      expect(most).toBeLessThanOrEqual(allowed);
      if (template === "v2" && order === "start-first") expect(most).toBe(0);
    }),
  );
});

function isUp(slot: Slot): boolean {
  return slot.wanted.some((task) => task.status.state === "running");
}

function expectConverged(world: World): void {
  const service = world.service("web");
  const wanted = world.view.tasksOfService(service.id).filter((task) => isWanted(task.desired));
  expect(wanted.map((task) => task.status.state)).toEqual(wanted.map(() => "running"));
  expect(wanted.map((task) => task.revision)).toEqual(wanted.map(() => service.revision));
  expect(new Set(wanted.map((task) => task.slot)).size).toBe(wanted.length);
  expect(wanted).toHaveLength(service.frame.Mode?.Replicated?.Replicas ?? -1);
  const others = world.view
    .tasksOfService(service.id)
    .filter((task) => !isWanted(task.desired) && !isTerminal(task.status.state));
  expect(others).toEqual([]);
}

function replan(world: World, serviceId: ServiceId) {
  return planService(world.view, serviceId, { nowMs: 0, atMs: 0 }, NO_MEMORY).actions;
}
