/** What befalls hosts, engines, networks, disks and managers; see also `cluster/faults.ts`. */
import {
  ENGINE_RESTARTS,
  type Fault,
  fault,
  HARMLESS,
  LEADER_HANGS,
  LEADER_LOST,
  LOSE_ENGINE,
  LOSE_HOST,
} from "../cluster/faults.js";
import type { SimCluster } from "../cluster/sim-cluster.js";
import { pick } from "../pick.js";
import type { SimulatedEngine } from "../simulated-engine.js";

/** Nothing of the worker's host runs on. @returns what switches it on again */
export function cutPower(worker: SimCluster["workers"][number]): () => void {
  worker.kill();
  worker.engine.goAway();
  for (const taskId of worker.engine.present()) worker.engine.end(taskId, 137);
  return () => {
    worker.engine.comeBack();
    worker.start();
  };
}

const MORE: readonly Fault[] = [
  fault("an engine's disk is full", [500, 15_000], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    engine.disk = "full";
    return () => {
      engine.disk = "room";
    };
  }),
  fault("a container dies", [1, 2], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    const present = engine.present();
    if (present.length > 0) engine.end(pick(random, present), pick(random, [0, 1, 137]));
    return () => undefined;
  }),
  fault("a container falls ill", [1, 2], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    const present = engine.present();
    if (present.length > 0) engine.feel(pick(random, present), "unhealthy");
    return () => undefined;
  }),
  fault("a container is removed by hand", [1, 2], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    const present = engine.present();
    if (present.length > 0) engine.vanish(pick(random, present));
    return () => undefined;
  }),
  fault("answers of engines are lost", [1_000, 15_000], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    engine.faults = { lostAnswersPerMille: 200, refusalsPerMille: 0 };
    return () => {
      engine.faults = { lostAnswersPerMille: 0, refusalsPerMille: 0 };
    };
  }),
  fault("a host loses power", [2_000, 20_000], (cluster, random) => {
    return cutPower(pick(random, cluster.workers));
  }),
  fault("a host has less than it had", [3_000, 20_000], (cluster, random) => {
    const { engine } = pick(random, cluster.workers);
    const { description } = engine;
    const { GenericResources: generics = [] } = description.Resources ?? {};
    const GenericResources = generics.filter(() => random.below(2) === 0);
    const Resources = { ...description.Resources, NanoCPUs: 2e9, GenericResources };
    restartWith(engine, { ...description, Resources });
    // As often as not it stays like that.
    return random.below(2) === 0 ? () => undefined : () => restartWith(engine, description);
  }),
];

function restartWith(engine: SimulatedEngine, description: SimulatedEngine["description"]): void {
  engine.goAway();
  engine.description = description;
  engine.comeBack();
}

const ALL = [
  ...LOSE_HOST,
  ...HARMLESS,
  ...ENGINE_RESTARTS,
  ...LOSE_ENGINE,
  LEADER_LOST,
  LEADER_HANGS,
];

/** They come with who leads next. */
export const ELECTED_BY_HAND: ReadonlySet<string> = new Set([LEADER_LOST.name, LEADER_HANGS.name]);

export const TROUBLES: Readonly<Record<string, Fault>> = Object.fromEntries(
  [...ALL, ...MORE].map((each) => [each.name, each]),
);
