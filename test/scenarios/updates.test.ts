/**
 * Whatever is updated, fails and is led by whom: what an update may never do, and that it always
 * comes to an end.
 */
import fc from "fast-check";
import { expect, test } from "vitest";

import { groupBySlot, type Slot } from "../../manager/orchestrator/core/slot.js";
import type { UpdateState } from "../../shared/docker-api/service-spec.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const REPLICAS = 6;

const settings = fc.record({
  parallelism: fc.integer({ min: 0, max: 4 }),
  delay: fc.constantFrom("0s", "500ms", "3s"),
  monitor: fc.constantFrom("1ms", "500ms", "2s"),
  ratio: fc.constantFrom("0", "0.2", "0.5"),
  action: fc.constantFrom("pause", "continue", "rollback"),
  order: fc.constantFrom("stop-first", "start-first"),
});

/** What happens during an update besides. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("60ms", "300ms", "1s", "4s").map((t) => `wait ${t}`) },
  { weight: 1, arbitrary: fc.constant("change-leader") },
  { weight: 1, arbitrary: fc.constant("lose-proposals") },
);

/** What the user does. */
const change = fc.oneof(
  fc.constantFrom("v2", "v3", "crash", "missing").map((image) => `update web image=${image}`),
  fc.constant("update web"),
  fc.constant("rollback web"),
  fc.integer({ min: 1, max: 3 }).map((n) => `update web force=${n}`),
);

/** The new template is the one that an update before was bringing: its task had not come up yet. */
const BACK_TO_WHAT_IS_COMING: [Settings, string[]][] = [
  [
    {
      parallelism: 1,
      delay: "0s",
      monitor: "1ms",
      ratio: "0",
      action: "pause",
      order: "stop-first",
    },
    ["update web image=v4", "update web image=v2", "lose-proposals", "update web image=v4"],
  ],
];

interface Settings {
  readonly parallelism: number;
  readonly delay: string;
  readonly monitor: string;
  readonly ratio: string;
  readonly action: string;
  readonly order: string;
}

async function begin(settings: Settings): Promise<World> {
  const { parallelism, delay, monitor, ratio, action, order } = settings;
  const world = await World.start("updates");
  await runCommand(world, "nodes 4");
  await runCommand(world, "history 1");
  const options = [
    `image=v1 replicas=${REPLICAS} delay=1s parallelism=${parallelism} update-delay=${delay}`,
    `monitor=${monitor} max-failure-ratio=${ratio} failure-action=${action} order=${order}`,
    `rollback-parallelism=${parallelism} rollback-monitor=${monitor} rollback-order=${order}`,
  ];
  await runCommand(world, `create web ${options.join(" ")}`);
  await world.wait(2_000);
  return world;
}

async function happen(world: World, command: string): Promise<void> {
  if (command === "rollback web" && world.service("web").previous === undefined) return;
  await runCommand(world, command);
}

function slotsOf(world: World): Slot[] {
  return groupBySlot(world.view.tasksOfService(world.service("web").id));
}

function isUp(slot: Slot): boolean {
  return slot.wanted.some((task) => task.status.state === "running");
}

test("images that run: an update never holds down more than its parallelism, start-first nothing", async () => {
  const runnable = fc.oneof(
    fc.constantFrom("v2", "v3", "v4").map((image) => `update web image=${image}`),
    happening,
  );
  await fc.assert(
    fc.asyncProperty(settings, fc.array(runnable, { maxLength: 12 }), async (settings, story) => {
      const world = await begin(settings);
      const { parallelism } = settings;
      const allowed =
        settings.order === "start-first" ? 0 : parallelism === 0 ? REPLICAS : parallelism;
      let most = 0;
      world.store.watch(() => {
        most = Math.max(most, slotsOf(world).filter((slot) => !isUp(slot)).length);
      });
      for (const command of story) await happen(world, command);
      await world.wait(60_000);
      await world.stop();
      expect(most).toBeLessThanOrEqual(allowed);
    }),
    { numRuns: 60, examples: BACK_TO_WHAT_IS_COMING },
  );
});

test("start-first, an old task stops only when a new one runs, whatever the new template is worth", async () => {
  const story = fc.array(
    fc.oneof(
      fc.constantFrom("v2", "v3", "missing").map((image) => `update web image=${image}`),
      happening,
    ),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(settings, story, async (settings, commands) => {
      const world = await begin({ ...settings, order: "start-first" });
      let down = 0;
      world.store.watch(() => {
        down = Math.max(down, slotsOf(world).filter((slot) => !isUp(slot)).length);
      });
      for (const command of commands) await happen(world, command);
      await world.wait(30_000);
      await world.stop();
      expect(down).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("every update ends, in a state that follows from the one before", async () => {
  const story = fc.array(fc.oneof(change, happening), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(settings, story, async (settings, commands) => {
      const world = await begin(settings);
      const odd: string[] = [];
      world.store.watch(({ events }) => {
        for (const { type, before, after } of events) {
          if (type !== "service" || before?.version !== after?.version) continue;
          const step = [before?.update?.state, after?.update?.state] as const;
          if (step[0] !== step[1] && !mayFollow(...step)) odd.push(step.join(" → "));
        }
      });
      for (const command of commands) await happen(world, command);
      await world.wait(5 * 60_000);
      const { update } = world.service("web");
      expect(odd).toEqual([]);
      expect(["updating", "rollback_started"]).not.toContain(update?.state);
      await world.stop();
    }),
    { numRuns: 60 },
  );
});

/** Without a word of the user. (A rollback by the cluster changes the service: it is its word.) */
function mayFollow(before: UpdateState | undefined, after: UpdateState | undefined): boolean {
  switch (after) {
    case "updating":
      return before === undefined || before === "completed" || before === "rollback_completed";
    case "paused":
    case "completed":
      return before === "updating";
    case "rollback_paused":
    case "rollback_completed":
      return before === "rollback_started";
    case "rollback_started":
    case undefined:
      return false;
  }
}
