/** One simulated cluster from a seed: faults for two minutes, then peace, and what is left to say. */
import { completeServiceSpec } from "../../../shared/docker-api/defaults.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { revisionHash } from "../../../shared/model/revision.js";
import { Checks } from "./checks.js";
import { type Fault, happen } from "./faults.js";
import { SimCluster } from "./sim-cluster.js";

/** Enough for all tasks to run. */
const START_MS = 5_000;
const FAULTS_FOR_MS = 120_000;
const FAULT_EVERY_MS = 4_000;
/** Longer than any limit that a fault may have set going: a flapping node waits for a minute. */
const PEACE_MS = 180_000;

export interface Simulation {
  readonly seed: string;
  readonly faults: readonly Fault[];
  readonly managers: number;
  readonly workers: number;
  readonly ownWorkers: number;
}

export interface SimulationReport {
  /** Empty where everything held. */
  readonly violations: readonly string[];
  /** What happened, what the managers said of it, and what was wrong with that, in order. */
  readonly story: string;
}

export async function runSimulation(simulation: Simulation): Promise<SimulationReport> {
  const replicas = 3 * simulation.workers;
  const cluster = await SimCluster.start(simulation);
  await createWeb(cluster, replicas);
  const checks = new Checks(cluster);
  const options = { forMs: FAULTS_FOR_MS, everyMs: FAULT_EVERY_MS };
  const happened = await happen(cluster, simulation.faults, options);
  await cluster.clock.advance(PEACE_MS);
  checks.end();
  const { violations, journal } = checks;
  const lines = [...happened, ...journal, ...violations.map((line) => `${line}  <<<`)];
  const story = lines.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b)).join("\n");
  return { violations, story };
}

/** The one service. */
async function createWeb(cluster: SimCluster, replicas: number): Promise<void> {
  const serviceId = "web" as ServiceId;
  const { TaskTemplate: template, ...frame } = completeServiceSpec({
    Name: "web",
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: { ContainerSpec: { Image: "busybox" } },
  });
  const times = { createdAtMs: 0, updatedAtMs: 0 };
  await cluster.change({
    kind: "create-service",
    service: { id: serviceId, version: 0, ...times, frame, revision: 1 },
    revision: { serviceId, number: 1, createdAtMs: 0, template, hash: revisionHash(template) },
  });
  await cluster.clock.advance(START_MS);
}
