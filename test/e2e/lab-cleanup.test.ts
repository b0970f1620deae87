// A laboratory leaves nothing behind, however it ends, and minds nobody else's business.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";

import { provideEngine } from "../../deploy/lab/engine-release.js";
import { Laboratory } from "../../deploy/lab/laboratory.js";
import { type CommandLine, commandLine, type RunningCommand } from "../setup/command-line.js";
import { dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually } from "./eventually.js";
import { labFolder, NO_TRACES, processesBelow, survivors, tracesOf } from "./lab-traces.js";

const MAIN = fileURLToPath(new URL("../../dist/deploy/lab/main.js", import.meta.url));
const IMAGE = "skep/busybox:1";

describeWithLab("a laboratory", () => {
  let dir = labFolder();

  afterEach(async () => {
    await Laboratory.clear(dir);
    dir = labFolder();
  });

  /** `npm run lab -- --dir DIR`, as npm would run it. */
  function program(): CommandLine {
    return commandLine([process.execPath, MAIN], { ...process.env, SKEP_LAB_DIR: dir });
  }

  async function shell(args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await program().run(args);
    return `${stdout}${stderr}`;
  }

  async function endedAfter(
    up: RunningCommand,
    words: RegExp,
    signal: NodeJS.Signals,
  ): Promise<number | null> {
    await up.says(words);
    up.kill(signal);
    return (await up.finished).code;
  }

  test("up, use, down: nothing is left", async () => {
    const told = await shell(["up", "--hosts", "2", "--managers", "1"]);
    expect(told).toMatch(/cluster formed: 1 manager, 2 nodes ready/);
    expect(told).toContain(`export DOCKER_HOST=unix://${dir}/host1/skep.sock`);
    const lab = Laboratory.open(dir);
    const engine = dockerCommand(lab.host("host2").dockerSocket)!;
    await engine.output(["run", "--detach", "--restart", "always", IMAGE, "sleep", "10000"]);
    await engine.output(["run", "--detach", "--name", "paused", IMAGE, "sleep", "10000"]);
    await engine.output(["pause", "paused"]);
    await lab.pause("host1");
    expect(await shell(["status"])).toMatch(/^host1 .* paused \(pid \d+\)/m);
    const seen = processesBelow(dir);

    expect(await shell(["down"])).toBe(`nothing is left of the laboratory in ${dir}\n`);
    expect(tracesOf(dir)).toEqual(NO_TRACES);
    expect(survivors(seen)).toEqual([]);
    expect(await shell(["down"])).toBe(`there was no laboratory in ${dir}\n`);
  });

  test("all that it has in this machine's own view are files, cgroups and processes", async () => {
    await using lab = await Laboratory.up({ dir, hosts: 1 });
    expect(tracesOf(lab.dir)).toMatchObject({ mounts: [], namespaces: [], links: [] });
  });

  test.each([
    ["at the first word", /hosts made and plugged in/],
    ["with engines", /engines answer/],
    ["with daemons", /skepds answer/],
  ])("up killed %s: down takes away the half that is there", async (_when, words) => {
    const up = program().start(["up", "--hosts", "2", "--managers", "1"]);
    await endedAfter(up, words, "SIGKILL");
    const seen = processesBelow(dir);
    expect(await shell(["status"])).toMatch(/never came up whole/);
    expect(await shell(["down"])).toBe(`nothing is left of the laboratory in ${dir}\n`);
    expect(tracesOf(dir)).toEqual(NO_TRACES);
    expect(survivors(seen)).toEqual([]);
  });

  test("up killed before its first word; the next up clears that away", async () => {
    const up = program().start(["up", "--hosts", "2"]);
    await eventually("it began", () =>
      Promise.resolve(tracesOf(dir).cgroups.length > 0 ? "begun" : undefined),
    );
    up.kill("SIGKILL");
    await up.finished;
    const told = await shell(["up", "--hosts", "1"]);
    expect(told).toMatch(/^clearing away what an earlier laboratory left in /);
    expect(await shell(["status"])).toMatch(/^host1 .* in no cluster +0$/m);
  });

  test("up interrupted: it takes away what it has made", async () => {
    const up = program().start(["up", "--hosts", "2"]);
    expect(await endedAfter(up, /engines answer/, "SIGINT")).toBe(130);
    expect(tracesOf(dir)).toEqual(NO_TRACES);
  });

  test("half gone: a host's processes, all hosts, even the folder", async () => {
    await Laboratory.up({ dir, hosts: 2 });
    const [one = 0] = processesBelow(dir).keys();
    process.kill(one, "SIGKILL");
    rmSync(dir, { recursive: true, force: true });
    expect(await Laboratory.clear(dir)).toBe("gone");
    expect(tracesOf(dir)).toEqual(NO_TRACES);
  });

  test("two side by side share nothing, and one goes without the other", async () => {
    await using one = await Laboratory.up({ dir, hosts: 2, managers: 1 });
    const other = await Laboratory.up({ dir: labFolder(), hosts: 1 });
    expect(other.host("host1").address).toBe(one.host("host1").address);
    const ids = (lab: Laboratory): Promise<string> =>
      dockerCommand(lab.host("host1").dockerSocket)!.output(["info", "--format", "{{.ID}}"]);
    expect(await ids(one)).not.toBe(await ids(other));
    await other.down();
    expect(tracesOf(other.dir).files).toEqual([]);
    const docker = dockerCommand(one.host("host1").skepSocket)!;
    expect(await docker.output(["node", "ls", "--format", "{{.Status}}"])).toBe("Ready\nReady");
  });

  test("live-restore: containers outlive their engine", async () => {
    await using lab = await Laboratory.up({ dir, hosts: 1, liveRestore: "on" });
    const engine = dockerCommand(lab.host("host1").dockerSocket)!;
    await engine.output(["run", "--detach", "--name", "kept", IMAGE, "sleep", "10000"]);
    const started = ["inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", "kept"];
    const before = await engine.output(started);
    await lab.kill("host1", "dockerd");
    await lab.start("host1", "dockerd");
    expect(await engine.output(started)).toBe(before);
  });

  test("another release of the engine", async (context) => {
    try {
      await provideEngine("26.1", { log: () => undefined, signal: context.signal });
    } catch (error) {
      context.skip(`no Docker 26.1 to be had: ${(error as Error).message}`);
    }
    await using lab = await Laboratory.up({ dir, hosts: 1, managers: 1, engine: "26.1" });
    const docker = dockerCommand(lab.host("host1").skepSocket)!;
    expect(
      await docker.output(["node", "ls", "--format", "{{.Status}} {{.EngineVersion}}"]),
    ).toMatch(/^Ready 26\.1\./);
  });

  test("refusals name the object and say what to do", async () => {
    expect(await shell(["status"])).toBe(`lab: there is no laboratory in ${dir}\n`);
    mkdirSync(dir);
    writeFileSync(join(dir, "mine"), "");
    expect(await shell(["up"])).toBe(
      `lab: ${dir} holds files that are no laboratory's: choose an empty folder\n`,
    );
    rmSync(dir, { recursive: true });
    await shell(["up", "--hosts", "1"]);
    const refusals: [string[], RegExp][] = [
      [["up"], /^lab: a laboratory is up in .*: use it, or take it down first$/m],
      [["cut", "host7"], /^lab: there is no host "host7": they are called host1$/m],
      [["mend", "host1"], /^lab: host1 is not cut off$/m],
      [["resume", "host1"], /^lab: host1 is not paused$/m],
      [["start", "host1", "skepd"], /^lab: skepd on host1 runs already \(pid \d+\)$/m],
      [["kill", "host1", "sshd"], /Allowed choices are skepd, dockerd/],
    ];
    for (const [args, words] of refusals) expect(await shell(args)).toMatch(words);
    await shell(["kill", "host1", "dockerd"]);
    expect(await shell(["kill", "host1", "dockerd"])).toBe("lab: dockerd on host1 does not run\n");
    await shell(["kill", "host1", "skepd"]);
    expect(await shell(["start", "host1", "skepd"])).toMatch(
      /^lab: skepd on host1 ended at its start; the end of .*skepd\.log:\n.*no Docker engine answers/s,
    );
  });
});
