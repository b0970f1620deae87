/**
 * Rolling updates on a real engine, watched by the official docker CLI until they are over: what it
 * says, how it ends, and what the engine runs then.
 */
import { expect, test } from "vitest";

import { describeWithEngine } from "../setup/requirements.js";
import { containersOf } from "./cluster-containers.js";
import { SkepdProcess } from "./skepd-process.js";

const IMAGE = "skep/busybox:1";
const CREATE = [
  ...["service", "create", "--name", "web", "--replicas", "3", "--no-resolve-image"],
  ...["--stop-signal", "SIGKILL", "--restart-delay", "1s"],
  ...["--update-monitor", "2s", "--rollback-monitor", "1s"],
];
const UPDATE = ["service", "update", "--no-resolve-image"];
const SLEEP = [IMAGE, "sleep", "10000"];
const CRASH = ["--args", "sleep 1"];
const STATUS = [
  ...["service", "inspect", "web", "--format"],
  "{{.UpdateStatus.State}}: {{.UpdateStatus.Message}}",
];

describeWithEngine("the docker CLI waits on an update", (engineSocket) => {
  const settings = { engine: "docker", engineSocket, hostname: "host-a" } as const;

  /** Commands of the running containers, as the engine tells. */
  async function running(skepd: SkepdProcess): Promise<number> {
    const all = await containersOf(engineSocket, await skepd.clusterId());
    return all.filter((one) => one.service === "web" && one.running).length;
  }

  test("that succeeds, by force and start-first, and is rolled back by hand", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker, skep } = skepd;
    await docker.output([...CREATE, "--update-order", "start-first", ...SLEEP]);
    expect(await docker.output([...UPDATE, "--force", "web"])).toMatch(/Service (web )?converged/);
    expect(await docker.output(STATUS)).toBe("completed: update completed");
    expect(await running(skepd)).toBe(3);
    await docker.output([...UPDATE, "--env-add", "A=b", "--update-parallelism", "0", "web"]);
    expect(await docker.output(["service", "rollback", "web"])).toMatch(/Service (web )?converged/);
    expect(await docker.output(STATUS)).toBe("rollback_completed: rollback completed");
    expect(await skep.output(["service", "history", "web"])).toMatch(
      /^\* 4 .* by Docker-Client\/.* rollback to 2 {2}3 tasks\n {4}- ContainerSpec\.Env\[A=b\]$/m,
    );
    await skep.output(["service", "rollback", "--to", "1", "web"]);
    expect(await skep.output(["service", "history", "web"])).toMatch(
      /^\* 5 .*\(skep\) {2}rollback to 1/m,
    );
    expect(await running(skepd)).toBe(3);
  });

  test("that fails, and is paused", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    await docker.output([...CREATE, "--update-delay", "20s", ...SLEEP]);
    const { code, stderr, stdout } = await docker.run([...UPDATE, ...CRASH, "web"]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(
      /service update paused: update paused due to failure or early termination of task \w{25}/,
    );
    expect(await docker.output(STATUS)).toMatch(/^paused: /);
  });

  test("that fails, and is rolled back", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    await docker.output([
      ...[...CREATE, "--update-failure-action", "rollback", "--update-delay", "20s"],
      ...SLEEP,
    ]);
    const { stderr, stdout } = await docker.run([...UPDATE, ...CRASH, "web"]);
    expect(stdout + stderr).toMatch(
      /update rolled back due to failure or early termination of task \w{25}/,
    );
    expect(await docker.output(STATUS)).toBe("rollback_completed: rollback completed");
    expect(await running(skepd)).toBe(3);
  });

  test("whose tasks never get healthy: start-first, what ran runs on", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    await docker.output([...CREATE, "--update-order", "start-first", ...SLEEP]);
    const before = await docker.output(["service", "ps", "-q", "web"]);
    const ill = ["--health-cmd", "false", "--health-interval", "200ms", "--health-retries", "2"];
    const { code, stdout, stderr } = await docker.run([...UPDATE, ...ill, "web"]);
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("update paused")]);
    const still = await docker.output([
      ...["service", "ps", "-q", "--filter", "desired-state=running", "web"],
    ]);
    for (const id of before.split("\n")) expect(still).toContain(id);
  });
});
