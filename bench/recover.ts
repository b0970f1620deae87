/**
 * How long the tasks of a lost host stand still: a worker's cable is pulled in a laboratory of real hosts, and the
 * engines of the others tell when the last replacement runs. Also how long its surplus runs on once it is back, and
 * whether anything else was touched.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Laboratory } from "../deploy/lab/laboratory.js";
import type { ServiceSpec } from "../shared/docker-api/service-spec.js";
import { assert } from "../shared/errors/assert.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { EngineCalls } from "./engine-calls.js";
import { HostContainers } from "./host-containers.js";
import type { Progress } from "./main.js";
import { median, type Report } from "./report.js";
import { RUN_LABEL } from "./start-events.js";

/** One manager and four workers, so that no worker is lost so often that it counts as flapping for minutes. */
const HOSTS = 5;
const REPLICAS_PER_HOST = 2;
const ROUNDS = 20;
/** A recovery that takes longer has failed. */
const LIMIT_MS = 60_000;
/** A host that was lost several times has to stay for a while before it counts as ready. */
const READY_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 100;
const IMAGE = "skep/busybox:1";

interface Node {
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
}

interface Round {
  readonly lostS: number;
  readonly surplusS: number;
}

export async function benchRecover(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skep-recover-"));
  const lab = await Laboratory.up({ dir: folder, hosts: HOSTS, managers: 1, log: progress });
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const victim = `host${2 + (round % (HOSTS - 1))}`;
      const result = await new WorkerLost(lab, `recover-${round}`, victim).measure();
      rounds.push(result);
      progress(
        `${victim} cut off: its tasks ran elsewhere after ${result.lostS.toFixed(2)} s; ` +
          `back: its surplus was gone after ${result.surplusS.toFixed(2)} s`,
      );
    }
    return reportOf(rounds);
  } finally {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

function reportOf(rounds: readonly Round[]): Report {
  const lost = rounds.map(({ lostS }) => lostS);
  const surplus = rounds.map(({ surplusS }) => surplusS);
  const docker = "Docker Swarm 19.5 s";
  return {
    bench: "recover",
    figures: [
      { name: "worker_lost_s_median", value: median(lost), unit: "s", toReach: 4, note: docker },
      { name: "worker_lost_s_max", value: Math.max(...lost), unit: "s" },
      { name: "surplus_gone_s_median", value: median(surplus), unit: "s" },
      { name: "surplus_gone_s_max", value: Math.max(...surplus), unit: "s", toReach: 10 },
    ],
  };
}

/** One round, with a service of its own: lost hosts get their share only of what is created after. */
class WorkerLost {
  readonly #lab: Laboratory;
  readonly #run: string;
  readonly #victim: string;
  readonly #api: EngineCalls;

  constructor(lab: Laboratory, run: string, victim: string) {
    this.#lab = lab;
    this.#run = run;
    this.#victim = victim;
    this.#api = new EngineCalls(lab.host("host1").skepSocket);
  }

  async measure(): Promise<Round> {
    await this.#untilAllReady();
    const containers = await HostContainers.watch(this.#lab.hosts, this.#run);
    try {
      await this.#api.call("POST", "/services/create", serviceSpec(this.#run));
      await containers.until(() => this.#isSpread(containers), AbortSignal.timeout(LIMIT_MS));
      const lostS = await this.#cut(containers);
      const surplusS = await this.#mend(containers);
      await this.#api.call("DELETE", `/services/${this.#run}`);
      const none = (): boolean => containers.running.length === 0;
      await containers.until(none, AbortSignal.timeout(LIMIT_MS));
      return { lostS, surplusS };
    } finally {
      containers.close();
      this.#api.close();
    }
  }

  #isSpread(containers: HostContainers): boolean {
    return this.#lab.hosts.every(({ name }) => containers.on(name).length === REPLICAS_PER_HOST);
  }

  async #cut(containers: HostContainers): Promise<number> {
    const before = new Set(containers.running.map(({ id }) => id));
    const replacements = (): number[] =>
      containers.running
        .filter(({ id, host }) => !before.has(id) && host !== this.#victim)
        .map(({ startedAtMs }) => startedAtMs);
    const cutAtMs = systemClock.wallMs();
    await this.#lab.cut(this.#victim);
    const replaced = (): boolean => replacements().length >= REPLICAS_PER_HOST;
    await containers.until(replaced, AbortSignal.timeout(LIMIT_MS));
    const took = Math.max(...replacements()) - cutAtMs;
    assert(containers.on(this.#victim).length === REPLICAS_PER_HOST, "a lost host's tasks run on");
    return took / 1000;
  }

  async #mend(containers: HostContainers): Promise<number> {
    const elsewhere = containers.running.filter(({ host }) => host !== this.#victim);
    const mendedAtMs = systemClock.wallMs();
    await this.#lab.mend(this.#victim);
    const gone = (): boolean => containers.on(this.#victim).length === 0;
    await containers.until(gone, AbortSignal.timeout(LIMIT_MS));
    const tookMs = systemClock.wallMs() - mendedAtMs;
    await this.#untilAllReady();
    const now = containers.running.map(({ id }) => id).sort();
    const untouched = elsewhere.map(({ id }) => id).sort();
    assert(now.join() === untouched.join(), "nothing but the surplus was touched");
    return tookMs / 1000;
  }

  async #untilAllReady(): Promise<void> {
    const limit = AbortSignal.timeout(READY_LIMIT_MS);
    for (;;) {
      const nodes = await this.#api.call<Node[]>("GET", "/nodes");
      if (nodes.every(({ Status }) => Status.State === "ready")) return;
      await systemClock.sleep(LOOK_EVERY_MS, limit);
    }
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
        // `sleep` as a container's first process ignores SIGTERM.
        StopSignal: "SIGKILL",
      },
    },
    Mode: { Replicated: { Replicas: HOSTS * REPLICAS_PER_HOST } },
  };
}
