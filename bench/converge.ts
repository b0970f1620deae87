/**
 * How long a service of thirty replicas takes from the request to the last container running, beside the same thirty
 * containers made and started by hand at the concurrency that suits this engine best. Both are timed by the
 * engine's own events, in turns, on the same engine.
 */
import type { ServiceSpec } from "../shared/docker-api/service-spec.js";
import { assert } from "../shared/errors/assert.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { benchEngine } from "./bench-engine.js";
import { EngineCalls } from "./engine-calls.js";
import type { Progress } from "./main.js";
import { OneHost } from "./one-host.js";
import { RawContainers } from "./raw-containers.js";
import { median, type Report } from "./report.js";
import { RunContainers } from "./run-containers.js";
import { RUN_LABEL, StartEvents } from "./start-events.js";

const REPLICAS = 30;
/** Measured rounds, each of one run by hand and one of Skep. */
const ROUNDS = 5;
/** By hand: how many containers are made at once. The fastest of these is the one compared with. */
const CONCURRENCIES = [1, 2, 4, 8, 30];
/** Of each, to choose the fastest; the better one counts. */
const CALIBRATION_RUNS = 2;

const IMAGE = "skep/busybox:1";
const MEMORY_LIMIT_BYTES = 32 * 2 ** 20;

export async function benchConverge(progress: Progress): Promise<Report> {
  const engine = await benchEngine(progress);
  const calls = new EngineCalls(engine.socket);
  const containers = new RunContainers(calls);
  const events = await StartEvents.open(calls);
  const skep = await OneHost.start(engine.socket);
  try {
    const raw = new RawContainers(calls);
    return await new Converge({ containers, events, raw, skep }).measure(progress);
  } finally {
    await skep.end();
    await containers.removeAll();
    events.close();
    calls.close();
    await engine.stop();
  }
}

interface Parts {
  readonly containers: RunContainers;
  readonly events: StartEvents;
  readonly raw: RawContainers;
  readonly skep: OneHost;
}

class Converge {
  readonly #parts: Parts;
  #runs = 0;
  /** What every container is made like, whoever makes it. */
  #shape: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async measure(progress: Progress): Promise<Report> {
    progress(`to warm up: Skep ${seconds(await this.#timeSkep())}`);
    const concurrency = await this.#calibrate(progress);
    const raw: number[] = [];
    const skep: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // In turns also as to who comes first: what one leaves behind is a burden to the other.
      const turns = [
        async () => raw.push(await this.#timeRaw(concurrency)),
        async () => skep.push(await this.#timeSkep()),
      ];
      for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn();
      progress(`round ${round}: by hand ${seconds(raw.at(-1))}, Skep ${seconds(skep.at(-1))}`);
    }
    const [rawS, skepS] = [median(raw), median(skep)];
    return {
      bench: "converge",
      figures: [
        { name: "create30_s", value: skepS, unit: "s" },
        { name: "raw30_s", value: rawS, unit: "s", note: `by hand, ${concurrency} at once` },
        { name: "ratio", value: skepS / rawS, unit: "x", toReach: 1.1, note: "Docker Swarm 1.24" },
      ],
    };
  }

  /** @returns the number of containers at once that is fastest by hand. */
  async #calibrate(progress: Progress): Promise<number> {
    let best = { concurrency: 1, tookS: Infinity };
    for (let run = 0; run < CALIBRATION_RUNS; run++) {
      for (const concurrency of CONCURRENCIES) {
        const tookS = await this.#timeRaw(concurrency);
        progress(`by hand, ${concurrency} at once: ${seconds(tookS)}`);
        if (tookS < best.tookS) best = { concurrency, tookS };
      }
    }
    return best.concurrency;
  }

  async #timeRaw(concurrency: number): Promise<number> {
    const run = `raw-${++this.#runs}`;
    const { raw } = this.#parts;
    const tookS = await this.#time(run, () => raw.create(serviceSpec(run), REPLICAS, concurrency));
    await this.#parts.containers.removeAll();
    return tookS;
  }

  async #timeSkep(): Promise<number> {
    const run = `skep-${++this.#runs}`;
    const { skep } = this.#parts;
    const tookS = await this.#time(run, () => skep.create(serviceSpec(run)));
    await skep.remove(run);
    await this.#parts.containers.untilNone();
    return tookS;
  }

  /** Seconds from the first request to the start of the last container. */
  async #time(run: string, create: () => Promise<void>): Promise<number> {
    const lastStart = this.#parts.events.lastOf(REPLICAS, run);
    const beganAtMs = systemClock.wallMs();
    const [lastAtMs] = await Promise.all([lastStart, create()]);
    const shapes = await this.#parts.containers.runningShapes(run);
    assert(shapes.length === REPLICAS, `${shapes.length} of ${REPLICAS} containers still run`);
    for (const shape of shapes) {
      this.#shape ??= shape;
      assert(shape === this.#shape, `not the same containers:\n${shape}\n${this.#shape}`);
    }
    return (lastAtMs - beganAtMs) / 1000;
  }
}

function serviceSpec(run: string): ServiceSpec {
  return {
    Name: run,
    TaskTemplate: {
      ContainerSpec: {
        Image: IMAGE,
        Command: ["sleep", "10000"],
        Labels: { [RUN_LABEL]: run },
        // `sleep` as a container's first process ignores SIGTERM; its end is not measured.
        StopGracePeriod: 0,
      },
      Resources: { Limits: { MemoryBytes: MEMORY_LIMIT_BYTES } },
    },
    Mode: { Replicated: { Replicas: REPLICAS } },
  };
}

function seconds(value = Number.NaN): string {
  return `${value.toFixed(2)} s`;
}
