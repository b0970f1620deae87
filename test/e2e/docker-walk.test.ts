/**
 * A service's whole life through the official docker CLI and through skep: one
 * skepd, the Docker engine.
 */
import { expect, test } from "vitest";

import type { CommandLine } from "../setup/command-line.js";
import { describeWithEngine } from "../setup/requirements.js";
import { containersOf } from "./cluster-containers.js";
import { settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";

const IMAGE = "skep/busybox:1";
const SLEEP = [IMAGE, "sleep", "10000"];
const NAMED_WEB = ["--name", "web", "--replicas", "6", "--no-resolve-image"];
/**
 * The shell of the image as process 1 ignores SIGTERM, and a display watches for as
 * long as the monitor says.
 */
const BRISK = ["--stop-signal", "SIGKILL", "--update-monitor", "1s"];

describeWithEngine("one host and its Docker engine", (engineSocket) => {
  const settings = { engine: "docker", engineSocket, hostname: "host-a" } as const;

  /** As the engine counts. */
  async function runningOf(skepd: SkepdProcess, service: string): Promise<number> {
    const all = await containersOf(engineSocket, await skepd.clusterId());
    return all.filter((one) => one.service === service && one.running).length;
  }

  async function shows(cli: CommandLine, args: readonly string[], what: RegExp): Promise<void> {
    await settles(async () => {
      expect(await cli.output(args)).toMatch(what);
    });
  }

  async function scaleAndRemove(skepd: SkepdProcess, cli: CommandLine): Promise<void> {
    expect(await cli.output(["service", "scale", "web=12"])).toMatch(/web scaled to 12/);
    expect(await runningOf(skepd, "web")).toBe(12);
    expect(await cli.output(["service", "scale", "web=3"])).toMatch(/web scaled to 3/);
    await shows(cli, ["service", "ls"], /web\s+replicated\s+3\/3/);
    expect(await runningOf(skepd, "web")).toBe(3);

    expect(await cli.output(["service", "rm", "web"])).toBe("web");
    expect(await cli.output(["service", "ls", "-q"])).toBe("");
    await settles(async () => {
      expect(await containersOf(engineSocket, await skepd.clusterId())).toEqual([]);
    });
  }

  async function lookAround(cli: CommandLine): Promise<void> {
    await shows(cli, ["service", "ls"], /web\s+replicated\s+6\/6\s+skep\/busybox:1/);
    const [, ...tasks] = (await cli.output(["service", "ps", "web"])).split("\n");
    expect(tasks).toHaveLength(6);
    for (const line of tasks) {
      expect(line).toMatch(/^\w+\s+web\.\d\s+skep\/busybox:1\s+host-a\s+Running\s+Running \w+/);
    }
    const pretty = await cli.output(["service", "inspect", "--pretty", "web"]);
    expect(pretty).toMatch(/^Name:\s+web$/m);
    expect(pretty).toMatch(/^ Replicas:\s+6$/m);
    expect(pretty).toMatch(/^ Image:\s+skep\/busybox:1$/m);
    expect(pretty).toMatch(/^ Args:\s+sleep 10000/m);
  }

  test.each(["docker", "skep"] as const)(
    "%s: init, and the node is there with its name, ready",
    async (program) => {
      await using skepd = await SkepdProcess.start(settings);
      const cli = skepd[program];
      expect(await cli.output(["swarm", "init"])).toMatch(
        /^Swarm initialized: current node \(\w{25}\) is now a manager\./,
      );
      expect(await cli.output(["node", "ls"])).toMatch(
        /^\w{25} \*\s+host-a\s+Ready\s+Active\s+Leader/m,
      );
    },
  );

  test("docker: create with its progress in a terminal, ls, ps, inspect, scale up and down, rm", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    const create = docker.startInTerminal(["service", "create", ...NAMED_WEB, ...SLEEP]);
    const { code, stdout } = await create.finished;
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain("overall progress: 6 out of 6 tasks");
    expect(stdout).toMatch(/6\/6: running +\[=+>\]/);
    expect(stdout).toMatch(/verify: Service \w+ converged/);
    expect(await runningOf(skepd, "web")).toBe(6);
    await lookAround(docker);
    await scaleAndRemove(skepd, docker);
  });

  test.each(["docker", "skep"] as const)(
    "%s: the same without a terminal, quickly",
    async (program) => {
      await using skepd = await SkepdProcess.init(settings);
      const cli = skepd[program];
      const created = await cli.run(["service", "create", ...NAMED_WEB, ...BRISK, ...SLEEP]);
      expect(created).toMatchObject({ code: 0, stderr: "" });
      expect(created.stdout).toMatch(/^\w{25}$/m);
      expect(created.stdout).toMatch(/overall progress: 6 out of 6 tasks/);
      await lookAround(cli);
      await scaleAndRemove(skepd, cli);
    },
  );

  test("docker: containers of tasks and of one's own, through the same socket", async () => {
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    const tick = ["sh", "-c", "while :; do echo tick; sleep 0.2; done"];
    await docker.output(["service", "create", "-q", "--name", "web", ...BRISK, IMAGE, ...tick]);

    const ofCluster = ["--filter", `label=skep.cluster.id=${await skepd.clusterId()}`];
    const listed = await docker.output(["ps", "--format", "{{.Names}} {{.Status}}", ...ofCluster]);
    expect(listed).toMatch(/^web\.1\.\w{25} Up .*$/);

    const [name = ""] = listed.split(" ");
    const logs = docker.start(["logs", "--follow", name]);
    await logs.says(/tick\n(.*tick\n){4}/s);
    logs.kill("SIGINT");
    await logs.finished;

    const shell = docker.startInTerminal(["run", "-it", "--rm", IMAGE, "sh"]);
    await shell.says(/# /);
    shell.send("tty; stty size; exit 7\n");
    const { code, stdout } = await shell.finished;
    expect({ code, stdout }).toEqual({ code: 7, stdout: expect.stringMatching(/\/dev\/pts\/0/) });
  });
});
