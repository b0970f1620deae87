/** Jobs under whatever happens: never too many at once, and in the end all that was asked for. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { groupBySlot } from "../../manager/orchestrator/core/slot.js";
import type { Task } from "../../shared/model/task.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const NODES = ["n1", "n2", "n3"];
const node = fc.constantFrom(...NODES);

const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom("0s", "60ms", "300ms", "1s", "6s").map((t) => `wait ${t}`),
  },
  { weight: 2, arbitrary: fc.nat(5).map((slot) => `fail batch.${slot + 1}`) },
  { weight: 1, arbitrary: node.map((id) => `fail batch.${id}`) },
  { weight: 1, arbitrary: fc.constant("rerun batch") },
  { weight: 2, arbitrary: node.map((id) => `down ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `up ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `drain ${id}`) },
  { weight: 1, arbitrary: node.map((id) => `pause ${id}`) },
  { weight: 2, arbitrary: node.map((id) => `activate ${id}`) },
  { weight: 1, arbitrary: fc.constant("change-leader") },
  { weight: 2, arbitrary: fc.constant("lose-proposals") },
);

const story = fc.record({
  mode: fc.oneof(
    fc.constant("mode=global-job"),
    fc
      .record({ total: fc.integer({ min: 1, max: 6 }), concurrent: fc.integer({ min: 1, max: 4 }) })
      .map(
        ({ total, concurrent }) => `mode=replicated-job total=${total} concurrent=${concurrent}`,
      ),
  ),
  delay: fc.constantFrom("0s", "200ms", "5s"),
  events: fc.array(event, { maxLength: 25 }),
});

async function begin({ mode, delay }: { mode: string; delay: string }): Promise<World> {
  const world = await World.start("jobs");
  await runCommand(world, `nodes ${NODES.length}`);
  await runCommand(world, `create batch ${mode} image=once delay=${delay}`);
  return world;
}

async function happen(world: World, command: string): Promise<void> {
  const [verb, place = ""] = command.split(" ");
  if (verb === "fail" && !world.runsAt(place)) return;
  await runCommand(world, command);
}

function tasksOf(world: World): readonly Task[] {
  return world.view.tasksOfService(world.service("batch").id);
}

function ofRun(world: World): readonly Task[] {
  return tasksOf(world).filter(({ revision }) => revision === world.service("batch").revision);
}

test("a run never has more tasks at work than it may, and no slot is completed twice", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      const { ReplicatedJob: job } = world.service("batch").frame.Mode ?? {};
      const concurrent = job?.MaxConcurrent ?? NODES.length;
      const total = job?.TotalCompletions ?? NODES.length;
      let [most, completed, twice] = [0, 0, 0];
      world.store.watch(() => {
        const tasks = ofRun(world);
        const active = tasks.filter(
          ({ desired, status }) => isWanted(desired) && status.state !== "complete",
        );
        most = Math.max(most, active.length);
        const done = groupBySlot(tasks.filter(({ desired }) => isWanted(desired))).map(
          ({ wanted }) => wanted.filter(({ status }) => status.state === "complete").length,
        );
        completed = Math.max(completed, done.filter((count) => count > 0).length);
        twice = Math.max(twice, ...done);
      });
      for (const command of story.events) await happen(world, command);
      await world.stop();
      expect(most).toBeLessThanOrEqual(concurrent);
      expect(completed).toBeLessThanOrEqual(total);
      expect(twice).toBeLessThanOrEqual(1);
    }),
  );
});

test("when the faults are over, a job comes to its completions, and then nothing moves", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (story) => {
      const world = await begin(story);
      for (const command of story.events) await happen(world, command);
      for (const id of NODES) {
        await runCommand(world, `up ${id}`);
        await runCommand(world, `activate ${id}`);
      }
      await world.wait(20 * 60_000);
      const { ReplicatedJob: job } = world.service("batch").frame.Mode ?? {};
      const completed = ofRun(world).filter(({ status }) => status.state === "complete");
      expect(completed).toHaveLength(job?.TotalCompletions ?? NODES.length);
      expect(tasksOf(world).filter(({ status }) => !isTerminal(status.state))).toEqual([]);
      expect(tasksOf(world)).toEqual(ofRun(world));
      const { sequence } = world.view;
      await world.changeLeader();
      await world.wait(60_000);
      expect(world.view.sequence).toBe(sequence);
      await world.stop();
    }),
  );
});
