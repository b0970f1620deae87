/**
 * Updates, modes and drains on real hosts: asked for with the official docker CLI, judged by what
 * the engines say.
 */
import { afterEach, describe, expect, test } from "vitest";

import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { HealthyContainers } from "./healthy-containers.js";
import { raiseLab } from "./raised-lab.js";
import { skepOn } from "./skep-on.js";

const HOSTS = ["host1", "host2", "host3"] as const;
const SERVICE = "com.docker.swarm.service.name";

const IMAGE = "skep/busybox:1";
const SLEEP = [IMAGE, "sleep", "10000"];
/** Answers a second after its container began to run, and says so. */
const SERVER = [IMAGE, "sh", "-c", "sleep 1; exec httpd -f -p 80"];
const WITH_HEALTH = [
  ...["--health-cmd", "nc -w 1 127.0.0.1 80 < /dev/null"],
  ...["--health-interval", "300ms", "--health-retries", "3", "--health-start-period", "20s"],
];
/** What these images run as their first process ignores SIGTERM. */
const CREATE = ["service", "create", "--no-resolve-image", "--stop-signal", "SIGKILL"];
const UPDATE = ["service", "update", "--no-resolve-image"];
const WATCHED = ["--update-monitor", "1s", "--rollback-monitor", "1s", "--restart-delay", "1s"];

describeWithLab("three hosts", () => {
  const raised = raiseLab({ hosts: 3, managers: 1 });
  const { docker, engine } = raised;

  afterEach(async () => {
    const names = await docker("host1").output(["service", "ls", "--quiet"]);
    if (names !== "") await docker("host1").output(["service", "rm", ...names.split("\n")]);
    await settles(async () => expect(await containers("--all")).toEqual([[], [], []]));
  });

  /** By host, what its engine tells of each container that has a service; those that run, unless more is asked for. */
  async function containers(...flags: string[]): Promise<string[][]> {
    const format = `{{.Label "${SERVICE}"}} {{.ID}} {{.Command}} {{.Status}}`;
    return await Promise.all(
      HOSTS.map(async (host) => {
        const own = engine(host);
        const list = ["ps", "--no-trunc", "--filter", `label=${SERVICE}`, "--format", format];
        return (await own.output([...list, ...flags])).split("\n").filter(Boolean);
      }),
    );
  }

  async function counts(...flags: string[]): Promise<number[]> {
    return (await containers(...flags)).map(({ length }) => length);
  }

  function watchHealth(service: string): Promise<HealthyContainers> {
    const sockets = raised.lab.hosts.map(({ dockerSocket }) => dockerSocket);
    return HealthyContainers.watch(sockets, service);
  }

  function statusOf(service: string): Promise<string> {
    const format = ["--format", "{{.UpdateStatus.State}}: {{.UpdateStatus.Message}}"];
    return docker("host1").output(["service", "inspect", service, ...format]);
  }

  test("start-first updates and a rollback by hand never leave fewer than six healthy", async () => {
    const healthy = await watchHealth("web");
    const settings = [
      "--replicas",
      "6",
      "--update-parallelism",
      "2",
      "--rollback-parallelism",
      "3",
    ];
    const orders = ["--update-order", "start-first", "--rollback-order", "start-first"];
    await docker("host1").output([
      ...[...CREATE, "--name", "web", ...settings, ...orders],
      ...[...WATCHED, ...WITH_HEALTH, ...SERVER],
    ]);
    expect(healthy.now).toBe(6);
    const say = await docker("host1").output([...UPDATE, "--env-add", "A=b", "web"]);
    expect(say).toMatch(/Service (web )?converged/);
    expect(await statusOf("web")).toBe("completed: update completed");
    await docker("host1").output(["service", "rollback", "web"]);
    expect(await statusOf("web")).toBe("rollback_completed: rollback completed");
    // Old ones count while new ones are placed beside them: it need not end as 2, 2, 2.
    expect((await containers()).flat()).toHaveLength(6);
    healthy.close();
    expect(healthy.leastSince(6)).toBe(6);
  });

  describe("an update to what ends at once", () => {
    const crash = ["--args", "false"];
    /** The CLI waits for the end of it. */
    const update = (action: string, ...flags: string[]): string[] => [
      ...[...UPDATE, ...crash, "--update-failure-action", action, ...flags, "web"],
    ];

    async function create(): Promise<void> {
      const settings = ["--name", "web", "--replicas", "3", "--update-delay", "10s"];
      await docker("host1").output([...CREATE, ...settings, ...WATCHED, ...SLEEP]);
    }

    test("is paused: one slot is down, the others are not touched", async () => {
      await create();
      const { code, stdout, stderr } = await docker("host1").run(update("pause"));
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("update paused due to")]);
      expect(await statusOf("web")).toMatch(/^paused: update paused due to failure/);
      const old = (await containers()).flat().filter((line) => line.includes("sleep 10000"));
      expect(old).toHaveLength(2);
    });

    test("goes on where it is told to, until all are replaced", async () => {
      await create();
      await docker("host1").output(update("continue", "--detach", "--update-delay", "0s"));
      await settles(async () => {
        expect(await statusOf("web")).toBe("completed: update completed");
      });
      const old = (await containers()).flat().filter((line) => line.includes("sleep 10000"));
      expect(old).toEqual([]);
    });

    test("is rolled back, and all run as before", async () => {
      await create();
      const { stdout, stderr } = await docker("host1").run(update("rollback"));
      expect(stdout + stderr).toMatch(/update rolled back due to failure/);
      expect(await statusOf("web")).toBe("rollback_completed: rollback completed");
      await settles(async () => expect(await counts()).toEqual([1, 1, 1]));
      const now = (await containers()).flat();
      expect(now.filter((line) => line.includes("sleep 10000"))).toHaveLength(3);
    });
  });

  test("a global service is on each host, also on one that joins, and is updated there", async () => {
    await docker("host3").output(["swarm", "leave"]);
    await settles(async () => {
      await docker("host1").output(["node", "rm", "host3"]);
    });
    const global = ["--mode", "global", "--name", "everywhere", "--update-parallelism", "0"];
    await docker("host1").output([...CREATE, ...global, ...WATCHED, ...SLEEP]);
    expect(await counts()).toEqual([1, 1, 0]);
    const token = await docker("host1").output(["swarm", "join-token", "--quiet", "worker"]);
    const manager = `${raised.lab.host("host1").address}:2377`;
    await docker("host3").output(["swarm", "join", "--token", token, manager]);
    await settles(async () => expect(await counts()).toEqual([1, 1, 1]));
    await docker("host1").output([...UPDATE, "--args", "sleep 20000", "everywhere"]);
    const now = (await containers()).map(([line]) => line);
    for (const line of now) expect(line).toContain("sleep 20000");
    expect(await counts()).toEqual([1, 1, 1]);
  });

  test("jobs run to their end: so many times, or once on each host; by force again", async () => {
    const job = ["--restart-condition", "none", IMAGE, "sleep", "0.2"];
    const many = ["--mode", "replicated-job", "--replicas", "5", "--max-concurrent", "2"];
    await docker("host1").output([...CREATE, ...many, "--name", "many", ...job]);
    const made = async (service: string): Promise<string[]> =>
      (await containers("--all")).flat().filter((line) => line.startsWith(service));
    const exits = async (service: string): Promise<string[]> =>
      (await made(service)).map((line) => /Exited \(\d+\)/.exec(line)?.[0] ?? line);
    expect(await exits("many")).toEqual(Array.from({ length: 5 }, () => "Exited (0)"));
    await docker("host1").output([...CREATE, "--mode", "global-job", "--name", "each", ...job]);
    expect(await exits("each")).toEqual(Array.from({ length: 3 }, () => "Exited (0)"));
    const ran = ["service", "ls", "--format", "{{.Name}} {{.Replicas}}"];
    const before = await docker("host1").output(ran);
    expect(before).toMatch(/many 0\/2 \(5\/5 completed\)/);
    const first = (await made("many")).map(idOf);
    await docker("host1").output([...UPDATE, "--force", "--detach", "many"]);
    await settles(async () => {
      const fresh = (await made("many")).filter((line) => !first.includes(idOf(line)));
      expect(fresh).toHaveLength(5);
      for (const line of fresh) expect(line).toContain("Exited (0)");
    });
  });

  test("drained start-first, never fewer than six are healthy; a deadline ends the waiting; back, it takes what is new", async () => {
    const healthy = await watchHealth("web");
    const settings = ["--name", "web", "--replicas", "6", "--update-order", "start-first"];
    await docker("host1").output([...CREATE, ...settings, ...WATCHED, ...WITH_HEALTH, ...SERVER]);
    await docker("host1").output(["node", "update", "--availability", "drain", "host3"]);
    await settles(async () => expect(await counts()).toEqual([3, 3, 0]));
    healthy.close();
    expect(healthy.leastSince(6)).toBe(6);
    await docker("host1").output(["node", "update", "--availability", "active", "host3"]);
    const pinned = ["--name", "pinned", "--update-order", "start-first"];
    const only = ["--constraint", "node.hostname==host3"];
    await docker("host1").output([...CREATE, ...pinned, ...only, ...WATCHED, ...SLEEP]);
    expect(await counts()).toEqual([3, 3, 1]);
    // Nobody else may run it: without a deadline it would stay where it is.
    await skepOn(raised.lab.host("host1")).output(["node", "drain", "--deadline", "2s", "host3"]);
    await settles(async () => expect(await counts()).toEqual([3, 3, 0]));
    await docker("host1").output(["node", "update", "--availability", "active", "host3"]);
    await settles(async () => expect(await counts()).toEqual([3, 3, 1]));
  });
});

/** Of a line of `containers`. */
function idOf(line: string): string {
  return line.split(" ")[1] ?? "";
}
