// `npm run demo`, as a user starts it: it shows what it says, and leaves nothing behind.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { describeWithEngine } from "../setup/requirements.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STEPS = [
  "one manager and three workers, joined by token, are a cluster",
  "a service of six replicas runs, two on each worker",
  "one of the six was killed behind Skep's back, and replaced",
  "the service was scaled to nine, three on each worker",
  "a worker fell silent, and its three tasks were replaced on the other two",
  "the worker came back, and its three surplus tasks were stopped",
];

/** Everything of a demo is below it, and named after it. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skep-demo-test-"));
});

afterEach(() => {
  demo(["--stop"]);
  rmSync(folder, { recursive: true, force: true });
});

describe("on processes", () => {
  test("all steps come true, and nothing is left", () => {
    const { status, stdout, stderr } = demo(["--engine", "process"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(told(stdout)).toEqual([...STEPS, "the service was removed, and nothing of it is left"]);
    expect(leftBehind()).toEqual({ processes: [], files: [] });
  });

  test("kept, it runs on until it is stopped", () => {
    const { status, stdout } = demo(["--engine", "process", "--keep"]);
    expect(status).toBe(0);
    expect(told(stdout)).toEqual(STEPS);
    const host = /DOCKER_HOST=(\S+)/.exec(stdout)?.[1] ?? "";
    const listed = skep(host, ["service", "ls", "--format", "{{.Name}} {{.Replicas}}"]);
    expect(listed).toBe("web 9/9\n");
    expect(demo(["--stop"]).stdout).toContain("ended the demo");
    expect(leftBehind()).toEqual({ processes: [], files: [] });
  });

  test("interrupted, it clears everything away", async () => {
    const child = spawn(process.execPath, program(["--engine", "process"]), { env: env() });
    let output = "";
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("six replicas runs")) child.kill("SIGTERM");
    });
    expect(await ended).toBe(130);
    expect(leftBehind()).toEqual({ processes: [], files: [] });
  });

  test("a daemon that dies is named, with its log, and everything is cleared away", async () => {
    const child = spawn(process.execPath, program(["--engine", "process"]), { env: env() });
    let [output, errors] = ["", ""];
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("joined by token")) killDaemon("worker-1");
    });
    child.stderr.on("data", (chunk) => (errors += String(chunk)));
    expect(await ended).toBe(1);
    expect(errors).toMatch(/^demo: while .*: worker-1 ended by itself \(SIGKILL\)\n/);
    expect(errors).toMatch(/^worker-1:\n.*starting/m);
    expect(leftBehind()).toEqual({ processes: [], files: [] });
  });
});

describeWithEngine("on containers", (socket) => {
  test("all steps come true, and nothing is left", () => {
    const { status, stdout, stderr } = demo(["--engine", "docker"], `unix://${socket}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(told(stdout).slice(0, STEPS.length)).toEqual(STEPS);
    expect(leftBehind()).toEqual({ processes: [], files: [] });
  });
});

test("where there is no Docker, an explicit wish for it is refused in a line", () => {
  const { status, stderr } = demo(["--engine", "docker"], "tcp://127.0.0.1:1");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^demo: no Docker for the demo: DOCKER_HOST is tcp:.*\n$/);
});

function demo(args: string[], dockerHost?: string) {
  const options = { env: env(dockerHost), encoding: "utf8" } as const;
  return spawnSync(process.execPath, program(args), options);
}

function program(args: string[]): string[] {
  return [join(ROOT, "dist", "deploy", "demo", "main.js"), ...args];
}

function env(dockerHost = ""): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder, DOCKER_HOST: dockerHost };
}

function skep(host: string, args: string[]): string {
  const main = join(ROOT, "dist", "cli", "main.js");
  return spawnSync(process.execPath, [main, "--host", host, ...args], { encoding: "utf8" }).stdout;
}

/** The lines of steps, without their times. */
function told(stdout: string): string[] {
  return [...stdout.matchAll(/^ *[\d.]+ s {2}(.*)$/gm)].map(([, line = ""]) => line);
}

function killDaemon(name: string): void {
  for (const { pid, words } of processes()) {
    if (words.includes(`${folder}/`) && words.includes(`${name}.sock`))
      process.kill(pid, "SIGKILL");
  }
}

function leftBehind() {
  return {
    processes: processes()
      .filter(({ words, cwd }) => words.includes(folder) || cwd.startsWith(folder))
      .map(({ words }) => words),
    files: readdirSync(folder),
  };
}

function processes(): { pid: number; words: string; cwd: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(pid), words, cwd: readlinkSync(`/proc/${pid}/cwd`) }];
      } catch {
        return []; // gone since it was listed
      }
    });
}
