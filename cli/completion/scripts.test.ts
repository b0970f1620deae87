// The scripts in the shells that they are for; those that this machine lacks are left out, but bash.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { COMPLETION_SCRIPTS, type Shell } from "./scripts.js";

/** In place of `skep`: answers a few lines as the program would. */
const STAND_IN = `#!/bin/bash
shift
case "$*" in
  "") printf 'service\\tManage services\\nswarm\\tManage the swarm\\n:space\\n' ;;
  "s") printf 'service\\tManage services\\nswarm\\tManage the swarm\\n:space\\n' ;;
  "service ps web:") printf 'web:2\\t\\n:space\\n' ;;
  "service ps "*) printf 'web\\t\\nweb:2\\t\\n:space\\n' ;;
  "service create --mode=g") printf -- '--mode=global\\t\\n--mode=global-job\\t\\n:space\\n' ;;
  "service scale w") printf 'web=\\t\\n:no-space\\n' ;;
  *) printf ':files\\n' ;;
esac
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skep-completion-"));
  writeFileSync(join(folder, "skep"), STAND_IN);
  chmodSync(join(folder, "skep"), 0o755);
  for (const shell of ["bash", "zsh", "fish"] as const) {
    writeFileSync(join(folder, `completion.${shell}`), COMPLETION_SCRIPTS[shell]);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function runShell(shell: Shell, script: string): Promise<string[]> {
  const child = spawn(shell, shell === "bash" ? ["--norc", "-c", script] : ["-c", script], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: folder },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(err).toBe("");
  return out.split("\n").filter((line) => line !== "");
}

function has(shell: Shell): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

describe("bash", () => {
  const complete = (line: string): Promise<string[]> =>
    runShell(
      "bash",
      `compopt() { echo "compopt $*"; }
       source completion.bash
       COMP_LINE='${line}' COMP_POINT=${line.length} _skep
       printf '%s\\n' "\${COMPREPLY[@]}"`,
    );

  test.each<[string, string[]]>([
    ["skep ", ["service", "swarm"]],
    ["skep s", ["service", "swarm"]],
    ["skep service ps we", ["web", "web:2"]],
    // bash itself has cut the word behind the = and the :, and puts the answer there.
    ["skep service create --mode=g", ["global", "global-job"]],
    ["skep service ps web:", ["2"]],
    ["skep service scale w", ["compopt -o nospace", "web="]],
    ["skep service create busybox ", ["compopt -o default"]],
  ])("%s", async (line, words) => {
    expect(await complete(line)).toEqual(words);
  });

  test("is asked by the shell", async () => {
    expect(await runShell("bash", "source completion.bash; complete -p skep")).toEqual([
      "complete -F _skep skep",
    ]);
  });
});

describe("zsh", () => {
  test("the script loads, and offers words with what they are for", async (context) => {
    if (!has("zsh")) return context.skip("no zsh");
    const words = await runShell(
      "zsh",
      `compdef() { :; }
       _describe() { local name=$4; print -rl -- "\${(P@)name}" "\${@:5}"; }
       _files() { print files; }
       source completion.zsh
       words=(skep ''); CURRENT=2; _skep
       words=(skep service ps w); CURRENT=4; _skep
       words=(skep service scale w); CURRENT=4; _skep
       words=(skep service create x ''); CURRENT=5; _skep`,
    );
    expect(words).toEqual([
      "service:Manage services",
      "swarm:Manage the swarm",
      "web:",
      "web\\:2:",
      "web=:",
      "-S",
      "files",
    ]);
  });
});

describe("fish", () => {
  test.for<[string, string[]]>([
    ["skep ", ["service\tManage services", "swarm\tManage the swarm"]],
    ["skep service ps w", ["web", "web:2"]],
  ])("%s", async ([line, words], context) => {
    if (!has("fish")) return context.skip("no fish");
    expect(await runShell("fish", `source completion.fish; complete -C'${line}'`)).toEqual(words);
  });
});
