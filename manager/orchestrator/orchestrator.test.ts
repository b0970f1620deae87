import { expect, test } from "vitest";

import type { Service } from "../../shared/model/service.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { sampleCluster, sampleService } from "../../test/samples/objects.js";
import { createMemoryStore } from "../store/memory-store.js";
import { Orchestrator } from "./orchestrator.js";

/** A leader's orchestrator over a store whose log commits when time passes. */
function start() {
  const clock = new ManualClock();
  const schedule = (commit: () => void): void => void clock.after(1, commit);
  const { store, log } = createMemoryStore({ clock, schedule });
  const random = seededRandom("orchestrator");
  const orchestrator = new Orchestrator({ store, clock, random, logger: silentLogger });
  const stop = new AbortController();
  const ended = orchestrator.run({ signal: stop.signal });
  const sizes: number[] = [];
  store.watch(({ events }) => sizes.push(events.length));
  const end = async () => {
    stop.abort();
    await clock.advance(10);
    await ended;
  };
  return { clock, store, log, sizes, end };
}

type Started = ReturnType<typeof start>;

async function create({ store, clock }: Started, replicas: number): Promise<Service> {
  const { service, revision } = sampleService({ replicas });
  const created = store.update((tx) => {
    tx.apply({ kind: "create-cluster", cluster: sampleCluster() });
    tx.apply({ kind: "create-service", service, revision });
  });
  await clock.advance(1);
  await created;
  return service;
}

async function scale({ store, clock }: Started, service: Service, replicas: number) {
  const scaled = store.update((tx) => {
    tx.apply({
      kind: "update-service",
      serviceId: service.id,
      frame: { ...service.frame, Mode: { Replicated: { Replicas: replicas } } },
      revision: 1,
    });
  });
  await clock.advance(1);
  await scaled;
}

function slots({ store }: Started): number[] {
  const numbers = store.committed.tasks().map((task) => task.slot);
  return numbers.sort((a, b) => a - b);
}

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

test("a large service is made in commands of bounded size", async () => {
  const world = start();
  await create(world, 10_000);
  await world.clock.advance(1_000);
  expect(slots(world)).toEqual(oneTo(10_000));
  expect(Math.max(...world.sizes)).toBeLessThanOrEqual(1_000);
  await world.end();
});

test("a user who changes his mind while a large service is made gets what he asked for last", async () => {
  const world = start();
  const service = await create(world, 10_000);
  await world.clock.advance(1);
  await scale(world, service, 3);
  const most = world.store.committed.taskCount();
  await world.clock.advance(1_000);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(10_000);
  expect(slots(world)).toEqual(oneTo(3));
  await world.end();
});

test("what a lost proposal should have done is planned anew", async () => {
  const world = start();
  world.log.hold();
  const created = create(world, 1_200);
  world.log.commit(1);
  await created;
  for (let i = 0; i < 5; i++) {
    world.log.dropWaiting();
    await world.clock.advance(10_000);
  }
  expect(slots(world)).toEqual([]);
  world.log.release();
  await world.clock.advance(10_000);
  expect(slots(world)).toEqual(oneTo(1_200));
  await world.end();
});

test("two leaders in turn make no task twice", async () => {
  const world = start();
  await create(world, 20);
  await world.clock.advance(100);
  const { sequence } = world.store.committed;
  await world.end();
  const again = new Orchestrator({
    store: world.store,
    clock: world.clock,
    random: seededRandom("another"),
    logger: silentLogger,
  });
  const stop = new AbortController();
  const ended = again.run({ signal: stop.signal });
  await world.clock.advance(60_000);
  stop.abort();
  await ended;
  expect(world.store.committed.sequence).toBe(sequence);
});

test("when the loop ends nothing of it is left to act", async () => {
  const world = start();
  const service = await create(world, 3);
  await world.clock.advance(100);
  await world.end();
  await scale(world, service, 9);
  await world.clock.advance(60_000);
  expect(slots(world)).toEqual(oneTo(3));
  expect(world.clock.pending).toBe(0);
});
