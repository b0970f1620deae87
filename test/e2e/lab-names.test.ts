// Names on real hosts: what they answer while tasks come, fail their health checks, are replaced and
// go, while daemons and engines restart and the leader changes; asked of each host all the while.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually, settles } from "./eventually.js";
import { NameWatch } from "./lab-name-watch.js";
import { LabReach } from "./lab-reach.js";
import { type Container, type Host, HOSTS, LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const REPLICAS = 3;
/** DESIGN: names are right within a second of a change. */
const RIGHT_LIMIT_MS = 1_000;
/** Healthy for as long as its page is there. */
const HEALTH = [
  ...["--health-cmd", "test -e /index.html", "--health-interval", "200ms"],
  ...["--health-retries", "1", "--health-timeout", "5s"],
];
const QUIET = ["--detach", "--no-resolve-image"];

describeWithLab("the names of services on three hosts", () => {
  let lab: Laboratory;
  let on: LabServices;
  let reach: LabReach;
  let askers: Container[];
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 3, liveRestore: "on" });
    // Not the leader: it answers all the while.
    on = new LabServices(lab, "host2");
    await on.docker(["network", "create", "-d", "overlay", "front"]);
    const brisk = ["--update-monitor", "200ms", "--stop-grace-period", "1s"];
    const app = ["--network", "front", "--publish", "8081:80", ...brisk];
    await on.serve("app", [...app, "--replicas", String(REPLICAS), ...HEALTH]);
    await on.serve("other", ["--network", "front", "--replicas", String(REPLICAS)]);
    await on.serve("asker", ["--network", "front", "--mode", "global"]);
    await on.allRun({ app: REPLICAS, other: REPLICAS, asker: 3 });
    const asked = { service: "app", port: 8081, network: "front", asker: "asker" };
    reach = await LabReach.of(on, asked);
    askers = await on.containersOf("asker", "front");
    await settles(async () => expect(await reach.wrongs()).toEqual([]));
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  /** Whatever is asked until it has ended is right, on these hosts. */
  async function rightWhile(
    what: () => Promise<void>,
    hosts: readonly Host[] = HOSTS,
  ): Promise<void> {
    const change = { isDone: false };
    const wrongs = new Set<string>();
    const ask = async (): Promise<void> => {
      for (const wrong of await reach.wrongs(hosts)) wrongs.add(wrong);
      if (!change.isDone) await ask();
    };
    await Promise.all([what().finally(() => (change.isDone = true)), ask()]);
    await ask();
    expect([...wrongs]).toEqual([]);
  }

  /** Asked for on each host until it is disposed of. */
  async function watch(name: string): Promise<NameWatch> {
    const folder = mkdtempSync(join(dir, "names-"));
    const names = new NameWatch(on, askers, { names: [name], folder });
    await names.saidByAllMs(name, Date.now(), (addresses) => addresses.length > 0);
    return names;
  }

  const allRun = (app = REPLICAS, hosts: readonly Host[] = HOSTS): Promise<void> =>
    on.allRun({ app, other: REPLICAS, asker: hosts.length });

  const update = (...flags: readonly string[]): Promise<string> =>
    on.docker(["service", "update", ...QUIET, ...flags]);

  test("are right while tasks come, are killed, updated and go", async () => {
    await rightWhile(async () => {
      await on.docker(["service", "scale", "--detach", "app=4"]);
      await allRun(4);
      const [victim] = await on.containersOf("app", "front");
      await on.run(victim!.host, ["docker", "kill", victim!.id]);
      await settles(async () => {
        const left = await on.containersOf("app", "front");
        expect(left.map(({ id }) => id)).not.toContain(victim!.id);
        expect(left).toHaveLength(4);
      });
      await update("--env-add", "NEW=1", "--update-parallelism", "2", "app");
      await settles(async () => {
        const state = ["--format", "{{with .UpdateStatus}}{{.State}}{{end}}", "app"];
        expect(await on.docker(["service", "inspect", ...state])).toBe("completed");
      });
      await on.docker(["service", "scale", "--detach", `app=${REPLICAS}`]);
      await allRun();
    });
  });

  test("leave out a task from the moment that it is not healthy", async () => {
    const [ill] = await on.containersOf("app", "front");
    await using names = await watch("tasks.app");
    await on.within(ill!, "rm /index.html");
    const health = ["--format", "{{json .State.Health}}", ill!.id];
    const failedMs = await eventually("its health check fails", async () => {
      const said = await on.run(ill!.host, ["docker", "inspect", ...health]);
      const { Status, Log } = JSON.parse(said) as { Status: string; Log: { End: string }[] };
      return Status === "unhealthy" ? Date.parse(Log.at(-1)!.End) : undefined;
    });
    const isRid = (addresses: readonly string[]): boolean => !addresses.includes(ill!.address);
    const goneMs = await names.saidByAllMs("tasks.app", failedMs, isRid);
    expect(goneMs - failedMs).toBeLessThanOrEqual(RIGHT_LIMIT_MS);
    await rightWhile(async () => {
      await settles(async () => {
        const left = await on.containersOf("app", "front");
        expect(left.map(({ id }) => id)).not.toContain(ill!.id);
      });
      await allRun();
    });
  });

  test("turn from the virtual address to the tasks' own and back within a second", async () => {
    const own = async (): Promise<readonly string[]> => {
      const tasks = await on.containersOf("other", "front");
      return tasks.map(({ address }) => address).sort();
    };
    const before = await own();
    await using names = await watch("other");
    for (const [mode, due] of [
      ["dnsrr", own],
      ["vip", async () => [await on.vipOf("other", "front")]],
    ] as const) {
      const askedMs = Date.now();
      await update("--endpoint-mode", mode, "other");
      const addresses = String(await due());
      const turnedMs = await names.saidByAllMs(
        "other",
        askedMs,
        (said) => String(said) === addresses,
      );
      expect(turnedMs - askedMs).toBeLessThanOrEqual(RIGHT_LIMIT_MS);
    }
    expect(await own()).toEqual(before);
  });

  test("go on being answered, and stay right, while a daemon and an engine restart", async () => {
    await rightWhile(async () => {
      await lab.kill("host3", "skepd");
      await lab.kill("host3", "dockerd");
      await lab.start("host3", "dockerd");
      await lab.start("host3", "skepd");
      await allRun();
    });
  });

  test("follow a new leader: what changes while the old one is dead is right elsewhere at once", async () => {
    const left = ["host2", "host3"] as const;
    await lab.kill("host1", "skepd");
    await rightWhile(async () => {
      await on.docker(["service", "scale", "--detach", "app=6"]);
      await allRun(6, left);
    }, left);
    await lab.start("host1", "skepd");
    await settles(async () => {
      const states = await on.docker(["node", "ls", "--format", "{{.Status}}"]);
      expect(states.split("\n")).toEqual(HOSTS.map(() => "Ready"));
    });
    const readyMs = performance.now();
    let askedMs = readyMs;
    await settles(async () => {
      askedMs = performance.now();
      expect(await reach.wrongs()).toEqual([]);
    });
    expect(askedMs - readyMs).toBeLessThanOrEqual(RIGHT_LIMIT_MS);
  });
});
