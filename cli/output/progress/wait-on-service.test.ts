// The whole display against a daemon whose service comes up, falters and goes on, on a clock of the test's own.
import { expect, test } from "vitest";

import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { RecordedDaemon, Refusal } from "../../../test/setup/recorded-daemon.js";
import { runSkep, type SkepRun } from "../../../test/setup/run-skep.js";

const SERVICE = {
  ID: "s1",
  Version: { Index: 3 },
  Spec: { Name: "web", Mode: { Replicated: { Replicas: 1 } }, TaskTemplate: {} },
  Endpoint: { Spec: {} },
};

class ComingService {
  readonly clock = new ManualClock();
  readonly interruption = new AbortController();
  state = "preparing";
  reason = "";
  updateStatus: object | undefined;
  silent = false;

  async start(): Promise<RecordedDaemon> {
    return RecordedDaemon.start({
      "POST /services/create": () => ({ ID: "s1" }),
      "POST /services/s1/update": () => ({ Warnings: ["mind the gap"] }),
      "GET /services/s1": () =>
        this.silent
          ? new Refusal(503, "no leader")
          : { ...SERVICE, UpdateStatus: this.updateStatus },
      "GET /services/web": () => SERVICE,
      "GET /nodes": () => [{ ID: "n1", Status: { State: "ready" } }],
      "GET /tasks": () => [
        {
          ID: "t1",
          Slot: 1,
          NodeID: "n1",
          DesiredState: "running",
          Status: { State: this.state, Err: this.reason },
        },
      ],
    });
  }

  run(daemon: RecordedDaemon, words: readonly string[]): Promise<SkepRun> {
    return runSkep(words, {
      socketPath: daemon.socketPath,
      clock: this.clock,
      interrupted: this.interruption.signal,
    });
  }

  /** Lets the program look until it has waited for `ms` of its clock. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    while (this.clock.nowMs() < untilMs) {
      while (this.clock.pending === 0) await macrotask();
      await this.clock.advance(Math.min(100, untilMs - this.clock.nowMs()));
    }
  }

  /** Moves the clock whenever the program waits, until it ends. */
  async finish(running: Promise<SkepRun>): Promise<SkepRun> {
    const progress = { ended: false };
    void running.finally(() => {
      progress.ended = true;
    });
    while (!progress.ended) {
      if (this.clock.pending > 0) await this.clock.advance(100);
      else await macrotask();
    }
    return running;
  }
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const CREATE = ["service", "create", "--no-resolve-image", "--name", "web", "busybox"];

test("a service that comes up", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  const running = coming.run(daemon, CREATE);
  await coming.pass(200);
  coming.state = "running";
  const { status, stdout } = await coming.finish(running);
  expect(status).toBe(0);
  expect(stdout.split("\n")).toEqual([
    "s1",
    "overall progress: 0 out of 1 tasks",
    "1/1: preparing",
    "overall progress: 1 out of 1 tasks",
    "1/1: running",
    "verify: Waiting 5 seconds to verify that tasks are stable...",
    "verify: Service web converged",
    "",
  ]);
});

test("quietly", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  coming.state = "running";
  const running = coming.run(daemon, ["service", "create", "-q", ...CREATE.slice(2)]);
  expect(await coming.finish(running)).toEqual({ status: 0, stdout: "s1\n", stderr: "" });
});

test("detached", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  const run = await coming.run(daemon, ["service", "create", "-d", ...CREATE.slice(2)]);
  expect(run).toEqual({ status: 0, stdout: "s1\n", stderr: "" });
  expect(daemon.requests.length).toBe(1);
});

test("why a task waits is shown, and Ctrl-C leaves it to itself", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  coming.state = "pending";
  coming.reason = "no suitable node (insufficient resources on 1 node)";
  const running = coming.run(daemon, CREATE);
  await coming.pass(300);
  coming.interruption.abort(new Error("interrupted"));
  const { status, stdout } = await running;
  expect(status).toBe(0);
  expect(stdout.split("\n").slice(-4)).toEqual([
    "1/1: no suitable node (insufficient resources on 1 node)",
    "Operation continuing in background.",
    "Use `skep service ps web` to check progress.",
    "",
  ]);
});

test("an update that is paused fails, its warnings told", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  const running = coming.run(daemon, ["service", "update", "--force", "web"]);
  await coming.pass(200);
  coming.updateStatus = { State: "paused", Message: "update paused due to failure of task t1" };
  const { status, stderr } = await coming.finish(running);
  expect([status, stderr]).toEqual([
    1,
    "mind the gap\nservice update paused: update paused due to failure of task t1\n",
  ]);
});

test("managers without a leader for a moment are waited for", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  const running = coming.run(daemon, CREATE);
  await coming.pass(200);
  coming.silent = true;
  await coming.pass(3000);
  coming.silent = false;
  coming.state = "running";
  const { status, stdout } = await coming.finish(running);
  expect(status).toBe(0);
  expect(stdout).toContain("skepd: no answer, trying again\n");
  expect(stdout).toMatch(/verify: Service web converged\n$/);
});

test("but not for ever", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  coming.silent = true;
  const { status, stderr } = await coming.finish(coming.run(daemon, CREATE));
  expect([status, stderr]).toEqual([1, "Error response from daemon: no leader\n"]);
  expect(coming.clock.nowMs()).toBeGreaterThanOrEqual(10_000);
});

test("the less changes the less it asks", async () => {
  const coming = new ComingService();
  await using daemon = await coming.start();
  const running = coming.run(daemon, CREATE);
  await coming.pass(60_000);
  coming.interruption.abort(new Error("interrupted"));
  await running;
  const lookCount = daemon.requests.filter(({ path }) => path === "/tasks").length;
  expect(lookCount).toBeLessThan(75);
});
