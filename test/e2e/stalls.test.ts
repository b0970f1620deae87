/**
 * Daemons that stand still, die and come back, on real processes: nobody is taken for lost who is
 * not, and nothing that runs is touched for it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { eventually, settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands, type TaskProcess } from "./task-processes.js";

const REPLICAS = 6;
/** Less than the silence after which a node is down. */
const SHORT_STALL_MS = 2_000;
const BETWEEN_STALLS_MS = 1_500;
const STALLS = 4;
/** Longer than any silence that a node is forgiven, shorter than a restart of its daemon may take. */
const AWAY_MS = 6_000;

/** A manager and a worker on this machine, with tasks on both. */
class Pair implements AsyncDisposable {
  readonly manager: SkepdProcess;
  readonly worker: SkepdProcess;

  private constructor(manager: SkepdProcess, worker: SkepdProcess) {
    this.manager = manager;
    this.worker = worker;
  }

  static async start(): Promise<Pair> {
    const manager = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
    const worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
    const pair = new Pair(manager, worker);
    const { skep } = manager;
    const token = await skep.output(["swarm", "join-token", "--quiet", "worker"]);
    const address = ["node", "inspect", "self", "--format", "{{.ManagerStatus.Addr}}"];
    await worker.skep.output(["swarm", "join", "--token", token, await skep.output(address)]);
    const create = ["service", "create", "--detach", "--name", "web", "--restart-delay", "0s"];
    await skep.output([...create, "--replicas", String(REPLICAS), "none", "sleep", "10000"]);
    await pair.settled();
    return pair;
  }

  /** What runs on both hosts. */
  async tasks(): Promise<TaskProcess[]> {
    const [a, b] = await Promise.all([this.manager, this.worker].map(running));
    return [...(a ?? []), ...(b ?? [])];
  }

  /** The same, once all replicas run, in the eyes of the manager, too. */
  async settled(): Promise<TaskProcess[]> {
    return await eventually(`${REPLICAS} run`, async () => {
      const listed = await this.manager.skep.output(["service", "ls", "--format", "{{.Replicas}}"]);
      if (listed !== `${REPLICAS}/${REPLICAS}`) return undefined;
      const tasks = await this.tasks();
      return tasks.length === REPLICAS ? tasks : undefined;
    });
  }

  /** What the manager has said of its nodes, the good news left out. */
  bad(): unknown[] {
    const lines = this.manager.logged("a node's state changed");
    return lines.map(({ state, message }) => ({ state, message })).filter(isBad);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
    await this.manager[Symbol.asyncDispose]();
  }
}

function isBad({ state }: { readonly state: unknown }): boolean {
  return state !== "ready";
}

function running(skepd: SkepdProcess): Promise<TaskProcess[]> {
  return taskCommands(skepd.dataDir);
}

/** Keeps a core busy until it is disposed of. */
class BusyLoop implements AsyncDisposable {
  readonly #child: ChildProcess = spawn(process.execPath, ["-e", "for (;;);"]);

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

async function standStill(skepd: SkepdProcess, forMs: number): Promise<void> {
  skepd.signal("SIGSTOP");
  await sleep(forMs);
  skepd.signal("SIGCONT");
}

test("a manager that stands still now and then, on a busy machine, loses nobody", async () => {
  await using pair = await Pair.start();
  await using _busy = new BusyLoop();
  const before = await pair.settled();
  for (let stall = 0; stall < STALLS; stall++) {
    await standStill(pair.manager, SHORT_STALL_MS);
    await sleep(BETWEEN_STALLS_MS);
  }
  expect(await pair.settled()).toEqual(before);
  expect(pair.bad()).not.toContainEqual(expect.objectContaining({ state: "down" }));
});

test("a worker that stands still for two seconds is missed by nobody", async () => {
  await using pair = await Pair.start();
  const before = await pair.settled();
  for (let stall = 0; stall < STALLS; stall++) {
    await standStill(pair.worker, SHORT_STALL_MS);
    await sleep(BETWEEN_STALLS_MS);
  }
  expect(await pair.settled()).toEqual(before);
  expect(pair.bad()).toEqual([]);
});

test("a manager that is dead for a while finds all as it was, and repairs what died meanwhile", async () => {
  await using pair = await Pair.start();
  const before = await pair.settled();
  await pair.manager.kill();
  const [here] = await running(pair.manager);
  const [there] = await running(pair.worker);
  for (const victim of [here!, there!]) process.kill(victim.pid, "SIGKILL");
  await sleep(AWAY_MS);
  const left = before.filter(({ pid }) => pid !== here!.pid && pid !== there!.pid);
  expect(await pair.tasks()).toEqual(left);
  await pair.manager.start();
  await eventually("both are replaced", async () => {
    const now = await pair.tasks();
    return now.length === REPLICAS && now.every(({ pid }) => pid !== there!.pid) ? true : undefined;
  });
  const after = await pair.settled();
  expect(after).toEqual(expect.arrayContaining(left));
  expect(after).toHaveLength(REPLICAS);
  expect(pair.bad()).toEqual([]);
});

test("a worker's daemon that is killed, and started at once or a while later, keeps every task", async () => {
  await using pair = await Pair.start();
  const before = await pair.settled();
  await pair.worker.killAndStart();
  expect(await pair.settled()).toEqual(before);
  await pair.worker.kill();
  await sleep(AWAY_MS);
  expect(await pair.tasks()).toEqual(before);
  expect(pair.bad().at(-1)).toEqual({
    state: "disconnected",
    message: "the agent ended its session",
  });
  await pair.worker.start();
  await settles(async () => {
    const states = ["node", "ls", "--format", "{{.Hostname}} {{.Status}}"];
    expect(await pair.manager.skep.output(states)).toContain("host-b Ready");
  });
  expect(await pair.settled()).toEqual(before);
  expect(pair.bad()).not.toContainEqual(expect.objectContaining({ state: "down" }));
});
