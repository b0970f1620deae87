// Losses on real hosts, by the engines' word: what is lost is replaced, what is not is not touched,
// and what comes back finds its place. The official docker CLI on the manager's socket throughout.
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { keepsContainers } from "../../deploy/lab/daemons.js";
import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { CommandLine } from "../setup/command-line.js";
import { dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { labFolder } from "./lab-traces.js";

const IMAGE = "skep/busybox:1";
const HOSTS = ["host1", "host2", "host3"] as const;
type Host = (typeof HOSTS)[number];
/** By host, the containers that run there: their ids. */
type Containers = Record<Host, readonly string[]>;
/** A daemon that was killed and is started by a person, who takes a while. */
const A_WHILE_MS = 20_000;
/** The manager is away for longer than any limit of an agent's. */
const MANAGER_AWAY_MS = 15_000;

/** host2's engine ends its containers when it is killed, the others' keep them. */
const LIVE_RESTORE = "mixed";

describeWithLab("three hosts and a service of six", () => {
  let lab: Laboratory;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: LIVE_RESTORE });
    const create = "service create --detach --no-resolve-image --name web --replicas 6".split(" ");
    const brisk = ["--stop-signal", "SIGKILL", "--restart-delay", "100ms"];
    await docker("host1").output([...create, ...brisk, IMAGE, "sleep", "10000"]);
    await settles(async () => expect(counts(await containers())).toEqual([2, 2, 2]));
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  function docker(host: Host): CommandLine {
    return dockerCommand(lab.host(host).skepSocket)!;
  }

  async function containers(): Promise<Containers> {
    const [host1, host2, host3] = await Promise.all(
      HOSTS.map(async (host) => {
        const engine = dockerCommand(lab.host(host).dockerSocket)!;
        const ids = await engine.output(["ps", "--no-trunc", "--quiet"]);
        return ids.split("\n").filter(Boolean).sort();
      }),
    );
    return { host1: host1!, host2: host2!, host3: host3! };
  }

  async function nodesAreReady(): Promise<void> {
    await settles(async () => {
      const states = await docker("host1").output(["node", "ls", "--format", "{{.Status}}"]);
      expect(states.split("\n")).toEqual(["Ready", "Ready", "Ready"]);
    });
  }

  /** Six tasks run, two on each host. */
  async function balance(): Promise<Containers> {
    await nodesAreReady();
    await docker("host1").output(["service", "scale", "--detach", "web=0"]);
    await settles(async () => expect(counts(await containers())).toEqual([0, 0, 0]));
    await docker("host1").output(["service", "scale", "--detach", "web=6"]);
    await settles(async () => expect(counts(await containers())).toEqual([2, 2, 2]));
    return containers();
  }

  test("scaled up and down: evenly, and what stays is not touched", async () => {
    const before = await containers();
    await docker("host1").output(["service", "scale", "--detach", "web=12"]);
    await settles(async () => expect(counts(await containers())).toEqual([4, 4, 4]));
    const more = await containers();
    for (const host of HOSTS) expect(more[host]).toEqual(expect.arrayContaining([...before[host]]));
    await docker("host1").output(["service", "scale", "--detach", "web=6"]);
    await settles(async () => expect(counts(await containers())).toEqual([2, 2, 2]));
  });

  test("a drained host empties and stays empty; back, it takes what is new", async () => {
    const before = await balance();
    await docker("host1").output(["node", "update", "--availability", "drain", "host3"]);
    await settles(async () => expect(counts(await containers())).toEqual([3, 3, 0]));
    const drained = await containers();
    for (const host of ["host1", "host2"] as const) {
      expect(drained[host]).toEqual(expect.arrayContaining([...before[host]]));
    }
    await docker("host1").output(["node", "update", "--availability", "active", "host3"]);
    await docker("host1").output(["service", "scale", "--detach", "web=9"]);
    await settles(async () => expect(counts(await containers())).toEqual([3, 3, 3]));
    await docker("host1").output(["service", "scale", "--detach", "web=6"]);
    await settles(async () => expect((await running()).length).toBe(6));
  });

  test("a host that is cut off: its tasks run elsewhere; back: its surplus stops, nothing else", async () => {
    const before = await balance();
    await lab.cut("host3");
    await settles(async () => expect(counts(await containers())).toEqual([3, 3, 2]));
    const cut = await containers();
    expect(cut.host3).toEqual(before.host3);
    await lab.mend("host3");
    await settles(async () => expect((await containers()).host3).toEqual([]));
    await nodesAreReady();
    expect(await containers()).toEqual({ ...cut, host3: [] });
  });

  test.each([
    ["at once", 0, "host2"],
    ["at once", 0, "host3"],
    ["a while later", A_WHILE_MS, "host2"],
  ])("a skepd that is killed and started %s: the same containers", async (_when, afterMs, host) => {
    const before = await balance();
    await lab.kill(host, "skepd");
    await sleep(afterMs);
    await lab.start(host, "skepd");
    await nodesAreReady();
    expect(await containers()).toEqual(before);
  });

  test.each([
    ["host2", "host3"],
    ["host3", "host2"],
  ] as const)(
    "the engine of %s is killed and started: as its live-restore has it, no task twice",
    async (host, other) => {
      const before = await balance();
      await lab.kill(host, "dockerd");
      await lab.start(host, "dockerd");
      await nodesAreReady();
      await settles(async () => expect((await running()).length).toBe(6));
      const after = await containers();
      if (keepsContainers(lab.host(host), LIVE_RESTORE)) expect(after).toEqual(before);
      else expect(after[host].filter((id) => before[host].includes(id))).toEqual([]);
      for (const untouched of ["host1", other] as const) {
        expect(after[untouched]).toEqual(expect.arrayContaining([...before[untouched]]));
      }
      await tasksAndContainersAgree();
    },
  );

  test("the only manager's daemon is dead for a while: all run on; what died meanwhile is repaired", async () => {
    const before = await balance();
    await lab.kill("host1", "skepd");
    const victim = before.host3[0]!;
    await dockerCommand(lab.host("host3").dockerSocket)!.output(["kill", victim]);
    await sleep(MANAGER_AWAY_MS);
    const alone = { ...before, host3: before.host3.filter((id) => id !== victim) };
    expect(await containers()).toEqual(alone);
    await lab.start("host1", "skepd");
    await settles(async () => expect((await running()).length).toBe(6));
    const survivors = await running();
    for (const host of HOSTS) for (const id of alone[host]) expect(survivors).toContain(id);
    await tasksAndContainersAgree();
  });

  async function running(): Promise<string[]> {
    return Object.values(await containers()).flat();
  }

  /** Each slot once, by the manager's word as by the engines'. */
  async function tasksAndContainersAgree(): Promise<void> {
    const filter = ["--filter", "desired-state=running"];
    const format = ["--format", "{{.Name}} {{.CurrentState}}"];
    await settles(async () => {
      const listed = await docker("host1").output(["service", "ps", ...filter, ...format, "web"]);
      const slots = listed.split("\n").filter((line) => / Running /.test(line));
      expect(new Set(slots.map((line) => line.split(" ")[0])).size).toBe(6);
      expect(slots).toHaveLength(6);
    });
    expect(await running()).toHaveLength(6);
  }
});

function counts({ host1, host2, host3 }: Containers): number[] {
  return [host1.length, host2.length, host3.length];
}
