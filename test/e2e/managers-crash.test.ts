/** Managers killed at any moment, one after the other or two at once: nothing that one of them acknowledged is lost. */
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { seededRandom } from "../../shared/ports/random.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { eventually, settles } from "./eventually.js";
import { managerAddress } from "./nodes.js";
import { readServices, RecordedWriter } from "./recorded-writer.js";
import type { StateMark } from "./replayed-state.js";
import { SkepdProcess } from "./skepd-process.js";

const KILLS = Number(process.env["SKEP_E2E_KILLS"] ?? 10);
const WRITERS = 6;
/** All write for some time between 0 and this, before one is killed. */
const LIFE_MAX_MS = 600;
/** And the others for so long without it: an election takes about as long. */
const ABSENCE_MAX_MS = 1_500;
/** Of so many kills, one takes two managers: nobody has a majority then. */
const TWO_AT_ONCE_ONE_IN = 4;
/** A round takes some seconds; a busy machine takes its time to start a daemon. */
const KILL_LIMIT_MS = 30_000;
/** Often enough for many snapshots, also between the managers. */
const SNAPSHOT_EVERY = 250;

type Managers = readonly [SkepdProcess, SkepdProcess, SkepdProcess];

const seed = process.env["SKEP_E2E_SEED"] ?? String(systemRandom().below(2 ** 32));
const again = `SKEP_E2E_SEED=${seed} SKEP_E2E_KILLS=${KILLS} npx vitest run --project e2e test/e2e/managers-crash`;

test(
  `${KILLS} kills of managers that are written to (again: ${again})`,
  { timeout: KILLS * KILL_LIMIT_MS },
  async () => {
    const random = seededRandom(seed);
    await using first = await manager();
    await using second = await manager();
    await using third = await manager();
    const managers = [first, second, third] as const;
    await formCluster(managers);
    const any = (): SkepdProcess => managers[random.below(managers.length)]!;
    const writers = Array.from({ length: WRITERS }, (_, i) => {
      const name = `w${i}`;
      const { socketPath } = any();
      return new RecordedWriter({ name, socketPath, random: random.fork(name) });
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      const stop = new AbortController();
      for (const writer of writers) writer.socketPath = any().socketPath;
      const writing = writers.map((writer) => writer.writeUntilCutOff(stop.signal));
      await sleep(random.below(LIFE_MAX_MS));
      const victims = new Set([any()]);
      if (random.below(TWO_AT_ONCE_ONE_IN) === 0) victims.add(any());
      await Promise.all([...victims].map((victim) => victim.kill()));
      await sleep(random.below(ABSENCE_MAX_MS));
      await Promise.all([...victims].map((victim) => victim.start()));
      stop.abort();
      await Promise.all(writing);
      await nothingIsLost(any(), writers, kill);
    }
    const answers = writers.reduce((sum, writer) => sum + writer.answers, 0);
    const { sequence } = await sameState(managers);
    console.log(`${answers} changes acknowledged, all managers the same at ${sequence}`);
    // Otherwise nothing was tried.
    expect(answers).toBeGreaterThan(KILLS * WRITERS);
  },
);

async function manager(): Promise<SkepdProcess> {
  const flags = ["--listen-addr", "127.0.0.1:0"];
  return await SkepdProcess.start({ engine: "process", flags });
}

async function formCluster([first, ...others]: Managers): Promise<void> {
  const Raft = { SnapshotInterval: SNAPSHOT_EVERY, LogEntriesForSlowFollowers: 10 };
  await first.call({ path: "/swarm/init", body: { ListenAddr: "0.0.0.0:2377", Spec: { Raft } } });
  const token = await first.skep.output(["swarm", "join-token", "--quiet", "manager"]);
  const address = await managerAddress(first);
  for (const other of others) await other.skep.output(["swarm", "join", "--token", token, address]);
  await settles(async () => {
    const raft = await first.skep.output(["swarm", "raft", "--format", "{{.Role}}"]);
    expect(raft.split("\n").sort()).toEqual(["Follower", "Follower", "Leader"]);
  });
}

async function nothingIsLost(
  manager: SkepdProcess,
  writers: readonly RecordedWriter[],
  kill: number,
): Promise<void> {
  const wrong = async (): Promise<string[]> => {
    const seen = await eventually("a read is answered", () =>
      readServices(manager.socketPath).catch(() => undefined),
    );
    return writers.flatMap((writer) => writer.contradictions(seen));
  };
  expect(await wrong(), `after kill ${kill}`).toEqual([]);
  for (const writer of writers) writer.socketPath = manager.socketPath;
  await settles(async () => {
    await Promise.all(writers.map((writer) => writer.sendAgain()));
  });
  expect(await wrong(), `after kill ${kill}, unanswered requests sent again`).toEqual([]);
}

/** Nothing is written any more, but for what the managers themselves still see to. */
async function sameState(managers: Managers): Promise<StateMark> {
  return await eventually("all managers are at the same place", async () => {
    const marks = await Promise.all(
      managers.map(async (manager) => {
        const { json } = await manager.call({ path: "/skep/v1/state" });
        return json as StateMark;
      }),
    );
    const [first, ...others] = marks;
    if (others.some(({ sequence }) => sequence !== first?.sequence)) return undefined;
    for (const { stateHash } of others) expect(stateHash).toBe(first?.stateHash);
    return first;
  });
}
