/**
 * A global service under whatever happens: what must never be seen on a node, and what every node
 * must come to once the faults are over.
 */
import fc from "fast-check";
import { expect, test } from "vitest";

import { NO_MEMORY, planService } from "../../manager/orchestrator/core/plan-service.js";
import { groupBySlot, type Slot } from "../../manager/orchestrator/core/slot.js";
import { nodeAvailability } from "../../shared/model/node.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const NODES = ["n1", "n2", "n3"];

const node = fc.constantFrom(...NODES);
const zone = fc.constantFrom("east", "west");

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("0s", "60ms", "130ms", "300ms", "6s").map((t) => `wait ${t}`),
  },
  { weight: 3, arbitrary: node.map((id) => `fail agent.${id}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("v2", "v3", "crash").map((v) => `update agent image=${v}`),
  },
  { weight: 1, arbitrary: zone.map((value) => `update agent constraint=zone!${value}`) },
  { weight: 2, arbitrary: fc.tuple(node, zone).map(([id, value]) => `label ${id} zone=${value}`) },
  { weight: 2, arbitrary: node.map((id) => `down ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `up ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `drain ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `pause ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `activate ${id}`) },
  { weight: 1, arbitrary: fc.constant("change-leader") },
  { weight: 2, arbitrary: fc.constant("lose-proposals") },
);

const story = fc.record({
  order: fc.constantFrom("stop-first", "start-first"),
  delay: fc.constantFrom("0s", "5s"),
  events: fc.array(event, { maxLength: 25 }),
});

async function begin({ order, delay }: { order: string; delay: string }): Promise<World> {
  const world = await World.start("every node");
  await runCommand(world, `nodes ${NODES.length}`);
  await runCommand(world, `create agent mode=global image=v1 delay=${delay} order=${order}`);
  return world;
}

async function happen(world: World, command: string): Promise<void> {
  const [verb, place = ""] = command.split(" ");
  if (verb === "fail" && !world.runsAt(place)) return;
  await runCommand(world, command);
}

function slotsOf(world: World): Slot[] {
  return groupBySlot(world.view.tasksOfService(world.service("agent").id));
}

test("a node never has more tasks that should run than the order allows, and none is another's", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      const allowed = story.order === "start-first" ? 2 : 1;
      let most = 0;
      world.store.watch(() => {
        for (const slot of slotsOf(world)) most = Math.max(most, slot.wanted.length);
      });
      for (const command of story.events) await happen(world, command);
      await world.stop();
      expect(most).toBeLessThanOrEqual(allowed);
    }),
  );
});

test("when the faults are over, every node that may run it does, no other does, and nothing moves", async () => {
  await fc.assert(
    fc.asyncProperty(story, fc.array(node, { maxLength: 2 }), async (story, drained) => {
      const world = await begin(story);
      for (const command of story.events) await happen(world, command);
      for (const id of NODES) {
        await runCommand(world, `up ${id}`);
        await runCommand(world, `${drained.includes(id) ? "drain" : "activate"} ${id}`);
      }
      await runCommand(world, "node n4");
      await runCommand(world, "update agent image=healthy");
      await world.wait(20 * 60_000);
      const { sequence } = world.view;
      await world.changeLeader();
      await world.wait(60_000);
      expect(world.view.sequence).toBe(sequence);
      expectEverywhere(world);
      await world.stop();
    }),
  );
});

function expectEverywhere(world: World): void {
  const service = world.service("agent");
  const template = world.view.revision(service.id, service.revision)?.template;
  const barred = template?.Placement?.Constraints?.[0]?.split(" != ")[1];
  const wanted = world.view.tasksOfService(service.id).filter((task) => isWanted(task.desired));
  const expected = world.view
    .nodes()
    .filter((each) => nodeAvailability(each) === "active")
    .filter((each) => barred === undefined || each.spec.Labels?.["zone"] !== barred);
  expect(wanted.map((task) => task.nodeId).sort()).toEqual(expected.map(({ id }) => id));
  expect(wanted.map((task) => task.status.state)).toEqual(wanted.map(() => "running"));
  expect(wanted.map((task) => task.revision)).toEqual(wanted.map(() => service.revision));
  const others = world.view
    .tasksOfService(service.id)
    .filter((task) => !isWanted(task.desired) && !isTerminal(task.status.state));
  expect(others).toEqual([]);
  expect(planService(world.view, service.id, { nowMs: 0, atMs: 0 }, NO_MEMORY).actions).toEqual([]);
}
