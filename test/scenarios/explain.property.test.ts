/**
 * What is told comes true: an update that was thought through goes as it was told, and what an
 * explanation says comes next is what then happens, if nothing else does.
 */
import fc from "fast-check";
import { expect, test } from "vitest";

import { showSteps } from "../../manager/api/core/show-foresight.js";
import { thinkThrough } from "../../manager/api/core/think-through.js";
import { explainService } from "../../manager/explain/core/explain-service.js";
import type { ForeseenStep as ShownStep } from "../../shared/docker-api/foresight.js";
import type { ServiceId } from "../../shared/model/ids.js";
import { changeInWords, runCommand } from "./commands.js";
import { askedOf } from "./describe-foresight.js";
import { World } from "./world.js";

/** Longer than any of it takes. */
const TO_ITS_END = "5m";

const nodes = fc.integer({ min: 2, max: 4 });
const replicas = fc.integer({ min: 1, max: 6 });
const order = fc.constantFrom("stop-first", "start-first");
const settings = fc
  .record({
    parallelism: fc.integer({ min: 0, max: 3 }),
    "update-delay": fc.constantFrom("0s", "1s", "7s"),
    monitor: fc.constantFrom("0s", "3s"),
    order,
  })
  .map((one) => Object.entries(one).map(([name, value]) => `${name}=${value}`));

/** What a user may do to the service. */
const change = fc.oneof(
  fc.constant("image=v2"),
  fc.constant("label=b"),
  replicas.map((count) => `replicas=${count}`),
  replicas.map((count) => `image=v2 replicas=${count}`),
  order.map((one) => `order=${one} force=1`),
);

/** What may befall its tasks. */
const event = fc.oneof(
  fc.constantFrom("drain n1", "down n2", "pause n1", "fail web.1", "node late", "forget n2"),
  change.map((options) => `update web ${options}`),
);

const waitMs = fc.integer({ min: 0, max: 12_000 });

async function worldWith(count: number, size: number, given: readonly string[]): Promise<World> {
  const world = await World.start(`${count} ${size} ${given.join(" ")}`);
  await runCommand(world, `nodes ${count}`);
  await runCommand(world, `create web image=v1 replicas=${size} delay=2s ${given.join(" ")}`);
  await runCommand(world, "wait 3s");
  return world;
}

interface Made {
  /** `web.2 of revision 3 on n1` */
  readonly what: string;
  /** From the moment of the telling. */
  readonly afterMs: number;
}

/** Tasks that are made from now on, in their order. */
function recordMade(world: World, serviceId: ServiceId): () => Made[] {
  const beganMs = world.clock.nowMs();
  const made: { readonly id: string; readonly afterMs: number }[] = [];
  const watch = world.store.watch(({ events }) => {
    for (const each of events) {
      if (each.type !== "task" || each.before !== undefined) continue;
      if (each.after?.serviceId !== serviceId) continue;
      made.push({ id: each.after.id, afterMs: world.clock.nowMs() - beganMs });
    }
  });
  const placed = new Map<string, string>();
  const places = world.store.watch(({ events }) => {
    for (const each of events) {
      if (each.type !== "task" || each.after === undefined) continue;
      const { id, slot, revision, nodeId = "no node" } = each.after;
      placed.set(id, `web.${slot} of revision ${revision} on ${nodeId}`);
    }
  });
  return () => {
    watch.close();
    places.close();
    return made.map(({ id, afterMs }) => ({ what: placed.get(id) ?? id, afterMs }));
  };
}

function toldToBeMade(steps: readonly ShownStep[]): Made[] {
  return steps.flatMap(({ Acts: acts, After: after }) =>
    acts
      .filter((act) => act.Do === "create" || act.Do === "replace")
      .map((act) => ({
        what: `${act.Name} of revision ${act.Revision} on ${act.To ?? "no node"}`,
        afterMs: after / NS_PER_MS,
      })),
  );
}

const NS_PER_MS = 1e6;
/** What is told counts no time for stopping (200 ms here), preparing, starting and committing. */
const HOSTS_MS = 500;

/** In the order that was told, and when it was told but for what hosts take. */
function expectAsTold(made: readonly Made[], told: readonly Made[], page: string): void {
  expect(
    made.map(({ what }) => what),
    page,
  ).toEqual(told.map(({ what }) => what));
  for (const [i, { afterMs }] of made.entries()) {
    const lateMs = afterMs - (told[i]?.afterMs ?? 0);
    expect(lateMs, page).toBeGreaterThanOrEqual(-HOSTS_MS);
    expect(lateMs, page).toBeLessThanOrEqual(HOSTS_MS * (i + 1));
  }
}

test("a change does what its plan told", async () => {
  await fc.assert(
    fc.asyncProperty(nodes, replicas, settings, change, async (count, size, given, options) => {
      const world = await worldWith(count, size, given);
      const { id } = world.service("web");
      const told = await runCommand(world, `plan-update web ${options}`);
      const planned = changeInWords(world, options);
      const { Steps: steps } = thinkThrough(askedOf(world), () => planned);
      const made = recordMade(world, id);
      await runCommand(world, `update web ${options}`);
      await runCommand(world, `wait ${TO_ITS_END}`);
      await world.stop();
      expectAsTold(made(), toldToBeMade(steps), told);
    }),
    { numRuns: 80 },
  );
});

test("what an explanation says comes next does come, at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(nodes, replicas, settings),
      event,
      waitMs,
      async ([count, size, given], happening, ms) => {
        const world = await worldWith(count, size, given);
        const { id } = world.service("web");
        await runCommand(world, happening);
        await runCommand(world, `wait ${ms}ms`);
        const told = await runCommand(world, "explain web");
        const asked = askedOf(world);
        const { foresight } = explainService(asked, world.service("web"));
        const steps = showSteps(world.view, id, foresight.steps);
        const made = recordMade(world, id);
        await runCommand(world, `wait ${TO_ITS_END}`);
        await world.stop();
        expectAsTold(made(), toldToBeMade(steps), told);
      },
    ),
    { numRuns: 80 },
  );
});
