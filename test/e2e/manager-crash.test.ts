/** A manager killed at any moment has lost nothing that it acknowledged, and is in the very state that it was in. */
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { type Random, seededRandom } from "../../shared/ports/random.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { settles } from "./eventually.js";
import { readServices, RecordedWriter } from "./recorded-writer.js";
import { type ReplayedState, replayState, type StateMark } from "./replayed-state.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands, taskProcesses } from "./task-processes.js";

const KILLS = 50;
const WRITERS = 4;
/** The manager works for some time between 0 and this, before it is killed. */
const LIFE_MAX_MS = 400;
/** A start takes about as long: some kills hit it, too. */
const START_MAX_MS = 600;
/** Of so many kills, one is followed by another during the start. */
const KILLED_AT_START_ONE_IN = 5;
/** Often enough for many snapshots within the test: the state is recovered from these, too. */
const SNAPSHOT_EVERY = 250;
const WATCH_EVERY_MS = 10;
/** A round takes a second or two; a busy machine takes its time to start a daemon. */
const KILL_LIMIT_MS = 30_000;

const seed = process.env["SKEP_E2E_SEED"] ?? String(systemRandom().below(2 ** 32));
const again = `SKEP_E2E_SEED=${seed} npx vitest run --project e2e test/e2e/manager-crash`;

test(
  `${KILLS} kills of a manager that is written to (again: ${again})`,
  { timeout: KILLS * KILL_LIMIT_MS },
  async () => {
    const random = seededRandom(seed);
    await using skepd = await SkepdProcess.start({ engine: "process" });
    await initWithSnapshots(skepd);
    const writers = Array.from({ length: WRITERS }, (_, i) => {
      const name = `w${i}`;
      return new RecordedWriter({ name, socketPath: skepd.socketPath, random: random.fork(name) });
    });

    let compared = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      const marks = await writeAndKill(skepd, writers, random);
      const replayed = await replayState(skepd.dataDir);
      compared += compare(marks, replayed, kill);
      await skepd.start();
      const { sequence, stateHash } = skepd.logged("state recovered").at(-1) ?? {};
      expect({ sequence, stateHash }, `recovered after kill ${kill}`).toEqual(replayed.last);
      await nothingIsLost(skepd, writers, kill);
    }
    const answers = writers.reduce((sum, writer) => sum + writer.answers, 0);
    console.log(`${answers} changes acknowledged, ${compared} states compared`);
    // Otherwise nothing was tried.
    expect(answers).toBeGreaterThan(KILLS * WRITERS);
    expect(compared).toBeGreaterThan(KILLS);
    await tasksFollow(skepd, writers);
  },
);

async function initWithSnapshots(skepd: SkepdProcess): Promise<void> {
  const raft = { SnapshotInterval: SNAPSHOT_EVERY, LogEntriesForSlowFollowers: 10 };
  const { status, text } = await skepd.call({
    path: "/swarm/init",
    // As clients send it who leave the place to the daemon.
    body: { ListenAddr: "0.0.0.0:2377", Spec: { Raft: raft } },
  });
  expect([status, text]).toEqual([200, expect.any(String)]);
}

/** @returns the states that the manager was seen in while it lived. */
async function writeAndKill(
  skepd: SkepdProcess,
  writers: readonly RecordedWriter[],
  random: Random,
): Promise<StateMark[]> {
  const writing = writers.map((writer) => writer.writeUntilCutOff());
  const watching = watchState(skepd);
  await sleep(random.below(LIFE_MAX_MS));
  await skepd.kill();
  await Promise.all(writing);
  if (random.below(KILLED_AT_START_ONE_IN) === 0) {
    skepd.begin();
    await sleep(random.below(START_MAX_MS));
    await skepd.kill();
  }
  return await watching;
}

async function watchState(skepd: SkepdProcess): Promise<StateMark[]> {
  const marks: StateMark[] = [];
  for (;;) {
    const answer = await skepd.call({ path: "/skep/v1/state" }).catch(() => undefined);
    if (answer?.status !== 200) return marks;
    marks.push(answer.json as StateMark);
    await sleep(WATCH_EVERY_MS);
  }
}

/** @returns how many could be compared: what lies before the newest snapshot cannot be replayed. */
function compare(marks: readonly StateMark[], replayed: ReplayedState, kill: number): number {
  const last = marks.at(-1)?.sequence ?? 0;
  expect(replayed.last.sequence, `kill ${kill}: what was seen is durable`).toBeGreaterThanOrEqual(
    last,
  );
  const comparable = marks.filter(({ sequence }) => replayed.hashes.has(sequence));
  for (const { sequence, stateHash } of comparable) {
    expect(replayed.hashes.get(sequence), `kill ${kill}, sequence ${sequence}`).toBe(stateHash);
  }
  return comparable.length;
}

async function nothingIsLost(
  skepd: SkepdProcess,
  writers: readonly RecordedWriter[],
  kill: number,
): Promise<void> {
  const wrong = async (): Promise<string[]> => {
    const seen = await readServices(skepd.socketPath);
    return writers.flatMap((writer) => writer.contradictions(seen));
  };
  expect(await wrong(), `after kill ${kill}`).toEqual([]);
  await Promise.all(writers.map((writer) => writer.sendAgain()));
  expect(await wrong(), `after kill ${kill}, unanswered requests sent again`).toEqual([]);
}

/** What runs is what was acknowledged, and nothing of what was removed. */
async function tasksFollow(skepd: SkepdProcess, writers: readonly RecordedWriter[]): Promise<void> {
  const services = writers.flatMap((writer) => [...writer.acknowledged.values()]);
  const wanted = services.reduce((sum, { replicas }) => sum + replicas, 0);
  await settles(async () => {
    expect(await taskCommands(skepd.dataDir)).toHaveLength(wanted);
  });
  for (const { id } of services) await skepd.call({ method: "DELETE", path: `/services/${id}` });
  await settles(async () => {
    expect(await taskProcesses(skepd.dataDir)).toEqual([]);
  });
}
