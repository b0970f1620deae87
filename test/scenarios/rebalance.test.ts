/** A rebalance over any cluster: what it never does, and that it ends. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { Spread } from "../../manager/rebalancer/core/spread.js";
import type { StoreEvent } from "../../manager/store/core/change.js";
import type { Task } from "../../shared/model/task.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const nodes = fc.array(
  fc.record({
    zone: fc.constantFrom("", "zone=east", "zone=west"),
    disk: fc.constantFrom("disk=ssd", "disk=hdd"),
    cpus: fc.constantFrom("cpus=2", "cpus=4", "cpus=16"),
    /** There when the tasks are placed, or only later. */
    comes: fc.constantFrom("first", "later", "drained"),
  }),
  { minLength: 2, maxLength: 6 },
);

const story = fc.record({
  nodes,
  replicas: fc.integer({ min: 1, max: 10 }),
  options: fc.subarray([
    "constraint=disk:ssd",
    "spread=zone",
    "max-per-node=3",
    "cpus=1",
    "order=start-first",
  ]),
  parallelism: fc.integer({ min: 0, max: 3 }),
  leader: fc.constantFrom("stays", "changes"),
});

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

/** All that can be placed runs, and then nodes come. */
async function unevenWorld({ nodes: hosts, replicas, options, parallelism }: Story) {
  const world = await World.start("rebalance");
  await runCommand(world, `rebalancing parallelism=${parallelism}`);
  const add = async (comes: string): Promise<void> => {
    for (const [i, host] of hosts.entries()) {
      if (host.comes !== comes) continue;
      await runCommand(world, `node n${i} ${host.zone} ${host.disk} ${host.cpus}`);
      if (comes === "drained") await runCommand(world, `drain n${i}`);
    }
  };
  await add("first");
  await add("drained");
  await runCommand(world, `create web replicas=${replicas} ${options.join(" ")}`);
  await world.wait(5_000);
  await add("later");
  for (const [i, { comes }] of hosts.entries())
    if (comes === "drained") await runCommand(world, `activate n${i}`);
  await world.wait(5_000);
  return world;
}

function wanted(world: World): readonly Task[] {
  const tasks = world.view.tasksOfService(world.service("web").id);
  return tasks.filter((task) => isWanted(task.desired) && !isTerminal(task.status.state));
}

function slotsRunning(world: World): number {
  const running = wanted(world).filter(({ status }) => status.state === "running");
  return new Set(running.map(({ slot }) => slot)).size;
}

/** Each slot at the last task that is to run there. */
function spreadOf(world: World, { options }: Story): Spread {
  const labels = options.includes("spread=zone") ? ["node.labels.zone"] : [];
  const spread = new Spread({ labels, nodes: "spread" });
  const bySlot = new Map(wanted(world).map((task) => [task.slot, task]));
  for (const { nodeId } of bySlot.values())
    if (nodeId !== undefined) spread.count(world.node(nodeId), 1);
  return spread;
}

/** A task came up beside the one that it relieves. */
function hasMoved({ type, before, after }: StoreEvent): boolean {
  if (type !== "task" || after?.relieves === undefined) return false;
  return after.status.state === "running" && before?.status.state !== "running";
}

/** Room for the last move comes with the end of a task that moved before. */
const ROOM_COMES: Story = {
  nodes: [
    { zone: "", disk: "disk=ssd", cpus: "cpus=2", comes: "drained" },
    { zone: "zone=east", disk: "disk=ssd", cpus: "cpus=2", comes: "first" },
    { zone: "zone=east", disk: "disk=ssd", cpus: "cpus=16", comes: "first" },
  ],
  replicas: 4,
  options: ["spread=zone", "cpus=1"],
  parallelism: 0,
  leader: "stays",
};

test("every move makes the spread better, no slot is ever down for it, and it ends", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await unevenWorld(story);
      const before = slotsRunning(world);
      const wantedBefore = wanted(world).length;
      const at = spreadOf(world, story);
      let fewest = before;
      let moves = 0;
      let most = 0;
      world.store.watch(({ events }) => {
        fewest = Math.min(fewest, slotsRunning(world));
        most = Math.max(most, wanted(world).length - wantedBefore);
        for (const event of events.filter(hasMoved)) {
          moves++;
          const { relieves, nodeId } = event.after as Task;
          const [from, to] = [world.node(relieves ?? ""), world.node(nodeId ?? "")];
          expect(at.gain(from, to)).toBeDefined();
          at.count(from, -1);
          at.count(to, 1);
        }
      });
      await runCommand(world, "rebalance web");
      await world.wait(70);
      if (story.leader === "changes") await world.changeLeader();
      await world.wait(60_000);
      expect(fewest).toBe(before);
      expect(world.service("web").rebalance?.state).toBe("completed");
      expect(world.service("web").rebalance?.moved).toBe(moves);
      expect(most).toBeLessThanOrEqual(story.parallelism || story.replicas);
      // Asked again, nothing moves.
      await runCommand(world, "rebalance web");
      await world.wait(60_000);
      expect(world.service("web").rebalance).toMatchObject({ state: "completed", moved: 0 });
      await world.stop();
    }),
    { examples: [[ROOM_COMES]] },
  );
});

test("where nothing is in the way, the nodes differ by one task at most", async () => {
  const free = story.map((each): Story => ({ ...each, options: [] }));
  await fc.assert(
    fc.asyncProperty(free, async (story) => {
      const world = await unevenWorld(story);
      await runCommand(world, "rebalance web");
      await world.wait(60_000);
      const counts = world.view
        .nodes()
        .map(({ id }) => wanted(world).filter(({ nodeId }) => nodeId === id).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      await world.stop();
    }),
  );
});
