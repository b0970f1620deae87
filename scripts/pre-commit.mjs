/**
 * The pre-commit hook: formats the staged files and lints them.
 *
 * A file is rewritten only where that cannot surprise: when the work tree holds exactly what is
 * staged, and the commit is of the index itself. `git commit -- paths` commits a temporary index,
 * and what a hook adds to that would look undone afterwards; there, and for partly staged files,
 * the hook only checks, and says what to run.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";

import { ROOT } from "./bootstrap.mjs";

const LINTED = /\.(ts|js|mjs)$/;

if (existsSync(join(ROOT, "node_modules", "prettier"))) {
  const staged = gitNames(["diff", "--cached", "--name-only", "--diff-filter=ACMR"]);
  if (staged.length > 0) check(staged);
} else {
  console.error("pre-commit: the packages are not installed: run npm ci, or commit --no-verify");
  process.exitCode = 1;
}

/** @param {readonly string[]} staged */
function check(staged) {
  const changedSince = new Set(gitNames(["diff", "--name-only"]));
  const isWholeIndex = basename(process.env["GIT_INDEX_FILE"] ?? "index") === "index";
  const formattable = isWholeIndex ? staged.filter((path) => !changedSince.has(path)) : [];
  if (formattable.length > 0) {
    tool(
      "prettier/bin/prettier.cjs",
      ["--write", "--log-level=error", "--ignore-unknown"],
      formattable,
    );
    spawnSync("git", ["add", "--", ...formattable], { cwd: ROOT, stdio: "inherit" });
  }
  const isFormatted = tool(
    "prettier/bin/prettier.cjs",
    ["--check", "--log-level=warn", "--ignore-unknown"],
    staged,
  );
  const isLinted = tool("eslint/bin/eslint.js", ["--no-warn-ignored"], staged.filter(isLintable));
  if (!isFormatted) console.error(`pre-commit: run npx prettier --write ${staged.join(" ")}`);
  if (!isFormatted || !isLinted) process.exitCode = 1;
}

/** @param {string} path */
function isLintable(path) {
  return LINTED.test(path) && existsSync(join(ROOT, path));
}

/**
 * @param {string} program of node_modules
 * @param {readonly string[]} options
 * @param {readonly string[]} paths
 * @returns {boolean} whether it is content
 */
function tool(program, options, paths) {
  if (paths.length === 0) return true;
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules", program), ...options, ...paths],
    { cwd: ROOT, stdio: "inherit" },
  );
  return status === 0;
}

/**
 * @param {readonly string[]} args of a git command that prints names
 * @returns {string[]}
 */
function gitNames(args) {
  const { stdout } = spawnSync("git", [...args, "-z"], { cwd: ROOT, encoding: "utf8" });
  return stdout.split("\0").filter((name) => name !== "");
}
