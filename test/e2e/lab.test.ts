// A laboratory of three hosts and one manager: what its commands do, seen from the engines, the
// kernel and the official docker CLI.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { lookAt } from "../../deploy/lab/status.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually, settles } from "./eventually.js";
import { raiseLab } from "./raised-lab.js";

const IMAGE = "skep/busybox:1";
const HOSTS = ["host1", "host2", "host3"] as const;
/** The shell of the image as process 1 ignores SIGTERM. */
const BRISK = ["--stop-signal", "SIGKILL", "--restart-delay", "100ms"];
const SERVICE = ["--detach", "--no-resolve-image", ...BRISK];

describeWithLab("a laboratory of three hosts", () => {
  const raised = raiseLab({ hosts: 3, managers: 1 });
  const { docker, engine } = raised;

  /** Containers that run, by their engine's word: id and name, oldest first. */
  async function containersOn(host: string): Promise<string[]> {
    const own = engine(host);
    const listed = await own.output(["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]);
    return listed.split("\n").filter(Boolean).sort();
  }

  async function nodeStates(): Promise<Record<string, string>> {
    const format = "{{.Hostname}} {{.Status}} {{.ManagerStatus}}";
    const listed = await docker("host1").output(["node", "ls", "--format", format]);
    const words = listed.split("\n").map((line) => /^(\S+) (.*?) *$/.exec(line) ?? []);
    return Object.fromEntries(words.map(([, name = "", state = ""]) => [name, state]));
  }

  /** Whether a TCP connection from one host to the manager's port of the first comes about. */
  async function reachesManager(from: string): Promise<boolean> {
    const dial = `const s = require("net").connect(2377, "192.168.77.1").setTimeout(500);
      for (const [event, code] of [["connect", 0], ["error", 1], ["timeout", 1]])
        s.on(event, () => process.exit(code));`;
    return (await raised.lab.exec(from, [process.execPath, "-e", dial])).status === 0;
  }

  test("three nodes are ready, by the names of their hosts", async () => {
    expect(await nodeStates()).toEqual({ host1: "Ready Leader", host2: "Ready", host3: "Ready" });
  });

  test("a service of six stands two by two, by the engines' word", async () => {
    const sleep = [IMAGE, "sleep", "10000"];
    await docker("host1").output([
      "service",
      "create",
      ...SERVICE,
      "--name",
      "web",
      "--replicas",
      "6",
      ...sleep,
    ]);
    await settles(async () => {
      const counts = await Promise.all(
        HOSTS.map(async (host) => (await containersOn(host)).length),
      );
      expect(counts).toEqual([2, 2, 2]);
    });
  });

  test("exec: as if one had logged in", async () => {
    const { status, stdout, stderr } = await raised.lab.exec("host2", [
      "sh",
      "-c",
      "hostname; pwd; ls /sys/class/net; getent hosts host3; docker ps -q | wc -l; echo no >&2; exit 7",
    ]);
    expect({ status, stderr }).toEqual({ status: 7, stderr: "no\n" });
    const lines = ["host2", process.cwd(), "docker0", "eth0", "lo"];
    for (const line of lines) expect(stdout.split("\n")).toContain(line);
    expect(stdout).toMatch(/^192\.168\.77\.3\s+host3$/m);
    expect(stdout).toMatch(/^2$/m);
    expect(stdout).not.toMatch(/^veth.*veth.*veth/s);
  });

  test("exec: skep finds its daemon, which refuses what a worker cannot do", async () => {
    const onManager = await raised.lab.exec("host1", [
      "skep",
      "node",
      "ls",
      "--format",
      "{{.Hostname}}",
    ]);
    expect(onManager.stdout.trim().split("\n").sort()).toEqual([...HOSTS]);
    const onWorker = await raised.lab.exec("host2", ["skep", "node", "ls"]);
    expect(onWorker).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/not a swarm manager/),
    });
  });

  test("cut: the cable is out, the host alone is out of reach; mend: it is back", async () => {
    expect(await reachesManager("host3")).toBe(true);
    await raised.lab.cut("host3");
    expect((await raised.lab.exec("host3", ["cat", "/sys/class/net/eth0/carrier"])).stdout).toBe(
      "0\n",
    );
    expect(await reachesManager("host3")).toBe(false);
    expect(await reachesManager("host2")).toBe(true);
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Down"));
    await settles(async () => expect(await containersOn("host2")).toHaveLength(3));

    await raised.lab.mend("host3");
    // As with any cable: neighbours that did not answer are asked again once a second.
    await settles(async () => expect(await reachesManager("host3")).toBe(true));
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Ready"));
    await settles(async () => expect(await containersOn("host3")).toEqual([]));
  });

  test("cut from one host only: both still hear the third", async () => {
    await raised.lab.cut("host1", "host3");
    expect(await reachesManager("host3")).toBe(false);
    expect(await reachesManager("host2")).toBe(true);
    expect((await raised.lab.exec("host3", ["cat", "/sys/class/net/eth0/carrier"])).stdout).toBe(
      "1\n",
    );
    expect(await raised.lab.separations()).toEqual(
      new Map([
        ["host1", ["host3"]],
        ["host3", ["host1"]],
      ]),
    );
    await expect(raised.lab.cut("host3", "host1")).rejects.toThrow(
      "host3 and host1 are cut off from each other already",
    );
    await raised.lab.mend("host3", "host1");
    await settles(async () => expect(await reachesManager("host3")).toBe(true));
    expect(await raised.lab.separations()).toEqual(new Map());
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Ready"));
  });

  test("kill and start skepd: the same containers", async () => {
    const before = await containersOn("host2");
    await raised.lab.kill("host2", "skepd");
    expect(raised.lab.daemonsOf("host2").pidOf("skepd")).toBeUndefined();
    expect(await containersOn("host2")).toEqual(before);
    await raised.lab.start("host2", "skepd");
    await settles(async () => expect((await nodeStates())["host2"]).toBe("Ready"));
    expect(await containersOn("host2")).toEqual(before);
  });

  test("kill and start dockerd, at once and twice: it answers, and is in its old place", async () => {
    for (let round = 1; round <= 2; round += 1) {
      await raised.lab.kill("host2", "dockerd");
      expect(await raised.lab.daemonsOf("host2").answers("dockerd")).toBe(false);
      await raised.lab.start("host2", "dockerd");
    }
    const own = engine("host2");
    expect(await own.output(["info", "--format", "{{.Name}}"])).toBe("host2");
    expect(await own.output(["run", "--rm", "--network", "none", IMAGE, "echo", "yes"])).toBe(
      "yes",
    );
    // The tasks of its containers, which ended with the old engine, are replaced.
    await settles(async () => {
      const counts = await Promise.all(
        HOSTS.map(async (host) => (await containersOn(host)).length),
      );
      expect(counts.reduce((sum, count) => sum + count)).toBe(6);
    });
  });

  test("pause: nothing on the host goes on, in containers neither; resume: all of it does", async () => {
    const own = engine("host3");
    const count = `i=0; while :; do i=$((i+1)); echo $i > /out/count; done`;
    const mount = ["--volume", `${raised.lab.host("host3").folder}:/out`, "--network", "none"];
    await own.output(["run", "--detach", "--name", "busy", ...mount, IMAGE, "sh", "-c", count]);
    const path = join(raised.lab.host("host3").folder, "count");
    const counted = (): number => Number(readFileSync(path, "utf8"));
    await eventually("it counts", () => Promise.resolve(counted() > 0 ? "yes" : undefined));

    await raised.lab.pause("host3");
    const paused = counted();
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Down"));
    expect(counted()).toBe(paused);
    await expect(raised.lab.exec("host3", ["true"])).rejects.toThrow(
      "host3 is paused: resume it first",
    );
    await expect(raised.lab.kill("host3", "skepd")).rejects.toThrow("host3 is paused");

    raised.lab.resume("host3");
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Ready"));
    await eventually("it counts on", () => Promise.resolve(counted() > paused ? "yes" : undefined));
    await own.output(["rm", "--force", "busy"]);
  });

  test("off: everything on the host is gone; on: it is back, with its disk", async () => {
    const own = engine("host3");
    await own.output(["run", "--detach", "--name", "mine", IMAGE, "sleep", "10000"]);
    await raised.lab.exec("host3", ["touch", "/run/volatile"]);
    await raised.lab.off("host3");
    expect(await lookAt(raised.lab)).toMatchObject([
      {},
      {},
      { link: "off", runs: "no", dockerd: undefined },
    ]);
    expect(await reachesManager("host2")).toBe(true);
    await expect(raised.lab.exec("host3", ["true"])).rejects.toThrow(
      "host3 is off: switch it on first",
    );

    await raised.lab.on("host3");
    await expect(raised.lab.on("host3")).rejects.toThrow("host3 is on already");
    expect(
      await own.output(["ps", "--all", "--filter", "name=mine", "--format", "{{.Status}}"]),
    ).toMatch(/^Exited \(255\)/);
    expect((await raised.lab.exec("host3", ["ls", "/run/volatile"])).status).not.toBe(0);
    await settles(async () => expect((await nodeStates())["host3"]).toBe("Ready"));
  });

  test("status: each host as the kernel, the engines and a manager have it", async () => {
    await raised.lab.kill("host2", "dockerd");
    await raised.lab.cut("host3");
    const [host1, host2, host3] = await lookAt(raised.lab);
    expect(host1).toMatchObject({ link: "up", runs: "yes", node: "ready, leader" });
    expect(host1?.dockerd?.version).toMatch(/^\d+\.\d+/);
    expect(host2).toMatchObject({ dockerd: undefined, containers: undefined });
    expect(host3).toMatchObject({
      link: "cut",
      node: expect.stringMatching(/, worker$/),
      address: "192.168.77.3",
    });
    await raised.lab.start("host2", "dockerd");
    await raised.lab.mend("host3");
  });
});
