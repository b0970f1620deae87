/**
 * Whether managers stay as small as they are: a million small updates through a cluster of three, with the log compacted
 * on the way. One manager is away through most of it and has to catch up by a snapshot, while the others go on serving.
 */
import { readFileSync } from "node:fs";

import type { Daemon } from "../deploy/demo/daemon.js";
import { DemoFailure } from "../deploy/demo/demo-failure.js";
import { assert } from "../shared/errors/assert.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { EngineCalls } from "./engine-calls.js";
import type { Progress } from "./main.js";
import type { Report } from "./report.js";
import { ThreeManagers } from "./three-managers.js";

const UPDATES = 1_000_000;
/** From here on nothing new is to be kept. */
const SETTLED_AFTER = 100_000;
const CALLERS = 64;
const PROGRESS_EVERY = 100_000;
const KIB = 1024;
const MIB = 1024 * KIB;
const CATCH_UP_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 20;

export async function benchGrowth(progress: Progress): Promise<Report> {
  const managers = await ThreeManagers.start();
  try {
    const leader = await managers.leader();
    const away = managers.daemons.find((daemon) => daemon !== leader);
    assert(away !== undefined, "there are others");
    const load = new Updates(new EngineCalls(leader.socket), progress);
    await load.upTo(SETTLED_AFTER);
    const before = managers.daemons.map(residentBytes);
    process.kill(away.pid, "SIGSTOP");
    await load.upTo(UPDATES);
    const { log, lastIndex } = await managers.raft();
    const catchingUp = catchUp(away, lastIndex);
    const { slowestMs, served } = await load.during(catchingUp);
    const tookMs = await catchingUp;
    const ratios = managers.daemons.map((daemon, i) => residentBytes(daemon) / (before[i] ?? 1));
    load.end();
    return {
      bench: "growth",
      figures: [
        { name: "updates", value: UPDATES, unit: "count" },
        { name: "rss_after_100k_mb", value: Math.max(...before) / MIB, unit: "MB" },
        { name: "rss_ratio", value: Math.max(...ratios), unit: "x", toReach: 1.3 },
        { name: "log_mb", value: log.bytes / MIB, unit: "MB" },
        { name: "catch_up_ms", value: tookMs, unit: "ms", note: "by a snapshot" },
        { name: "updates_meanwhile", value: served, unit: "count" },
        { name: "slowest_meanwhile_ms", value: slowestMs, unit: "ms" },
      ],
    };
  } finally {
    await managers.end();
  }
}

/** Small services that are made and removed, again and again. */
class Updates {
  readonly #api: EngineCalls;
  readonly #progress: Progress;
  #done = 0;

  constructor(api: EngineCalls, progress: Progress) {
    this.#api = api;
    this.#progress = progress;
  }

  async upTo(count: number): Promise<void> {
    const callers = Array.from({ length: CALLERS }, async (_, i) => {
      while (this.#done < count) await this.#makeAndRemove(`growth-${i}`);
    });
    await Promise.all(callers);
  }

  /** Goes on until `end` is there. */
  async during(end: Promise<unknown>): Promise<{ slowestMs: number; served: number }> {
    const before = this.#done;
    const over = new AbortController();
    const ended = end.finally(() => over.abort());
    let slowestMs = 0;
    while (!over.signal.aborted) {
      const beganMs = performance.now();
      await this.#makeAndRemove("growth-meanwhile");
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
    }
    await ended;
    return { slowestMs, served: this.#done - before };
  }

  end(): void {
    this.#api.close();
  }

  async #makeAndRemove(name: string): Promise<void> {
    await this.#api.call("POST", "/services/create", spec(name));
    this.#count();
    await this.#api.call("DELETE", `/services/${name}`);
    this.#count();
  }

  #count(): void {
    this.#done++;
    if (this.#done % PROGRESS_EVERY === 0) this.#progress(`${this.#done} updates`);
  }
}

/** @returns how long it took until the manager had everything again (ms). */
async function catchUp(away: Daemon, lastIndex: number): Promise<number> {
  const beganMs = systemClock.nowMs();
  process.kill(away.pid, "SIGCONT");
  const limit = AbortSignal.timeout(CATCH_UP_LIMIT_MS);
  for (;;) {
    const applied = await appliedAt(away);
    if (applied >= lastIndex) return systemClock.nowMs() - beganMs;
    await systemClock.sleep(LOOK_EVERY_MS, limit);
  }
}

/** 0 where it does not answer: connections from before it stood still are closed when it goes on. */
async function appliedAt(daemon: Daemon): Promise<number> {
  const headers = { "x-skep-forwarded": "1" };
  try {
    return (await daemon.call<{ appliedIndex: number }>("GET", OWN_VIEW, { headers })).appliedIndex;
  } catch (error) {
    if (error instanceof DemoFailure) return 0;
    throw error;
  }
}

/** As this manager sees it, whoever leads. */
const OWN_VIEW = "/skep/v1/swarm/raft";

function residentBytes({ pid }: Daemon): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * KIB;
}

function spec(Name: string): object {
  return {
    Name,
    TaskTemplate: { ContainerSpec: { Image: "none", Command: ["true"] } },
    Mode: { Replicated: { Replicas: 0 } },
  };
}
