/**
 * Makes a checkout runnable: packages installed, `dist/` built and no older than its sources.
 *
 * Every script starts here, on a clone that may hold nothing but what git gave it, so this file
 * uses Node alone. Each step looks first and does nothing, silently, where nothing is to be done.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What `tsconfig.build.json` compiles into `dist/`. */
const BUILT_FOLDERS = ["shared", "manager", "worker", "node", "cli", "deploy", "bench", "test/sim"];
/** What they import from elsewhere is compiled along. */
const COMPILED_ALONG = ["test/samples"];
const BUILD_INPUTS = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"];

/** Holds the fingerprint of the sources of the last good build. */
const STAMP = join(ROOT, "dist", ".built");

/** Where the summaries of test and check runs are put for `.ci/run` to add up. */
export const SUMMARY_FOLDER = join(ROOT, "node_modules", ".cache", "skep");

export class SetupError extends Error {}

/**
 * Installs the packages of the lock file, unless they are there.
 * @throws SetupError with npm's own output when npm fails
 */
export function ensureInstalled() {
  const installed = installedState();
  if (installed === "complete") return;
  say("setting up: installing packages…");
  // `npm ci` begins by deleting node_modules, which is right only when there is nothing to keep.
  const args = installed === "missing" ? ["ci"] : ["install", "--no-save"];
  run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], "npm could not install");
}

/**
 * Compiles `dist/` unless the last good build was of these very sources.
 * @throws SetupError with the compiler's messages when the sources do not compile
 */
export function ensureBuilt() {
  const sources = [...BUILT_FOLDERS, ...COMPILED_ALONG].flatMap((folder) => sourceFiles(folder));
  const wanted = fingerprint([...BUILD_INPUTS, ...sources]);
  const orphans = orphanedOutputs();
  const built = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : undefined;
  if (built === wanted && orphans.length === 0) return;
  say("setting up: compiling…");
  for (const path of orphans) rmSync(path, { force: true });
  rmSync(STAMP, { force: true });
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  run(process.execPath, [tsc, "-p", "tsconfig.build.json"], "the sources do not compile");
  writeFileSync(STAMP, wanted);
}

/** Compares npm's note of what it installed with the lock file, package by package. */
function installedState() {
  const note = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(note)) return "missing";
  const wanted = packagesOf(join(ROOT, "package-lock.json"));
  const present = packagesOf(note);
  const stale = [...wanted].some(
    // Packages for other platforms are in the lock file and never installed.
    ([path, { version, optional }]) =>
      path !== "" && optional !== true && present.get(path)?.version !== version,
  );
  return stale ? "stale" : "complete";
}

/**
 * @param {string} lockFile
 * @returns {Map<string, { version?: string; optional?: boolean }>} by path of the package
 */
function packagesOf(lockFile) {
  return new Map(Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages));
}

/**
 * Outputs whose source is gone: left behind, they could be run or imported for ever. One that is
 * not gone may stay wherever it is: tsc writes an output only where its source has changed.
 */
function orphanedOutputs() {
  if (!existsSync(join(ROOT, "dist"))) return [];
  return readdirSync(join(ROOT, "dist"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.m?js(\.map)?$/.test(path))
    .filter((path) => !existsSync(join(ROOT, sourceOf(path))))
    .map((path) => join(ROOT, "dist", path));
}

/**
 * What runs before anything is installed is JavaScript, and is compiled along unchanged.
 * @param {string} output
 */
function sourceOf(output) {
  return output.replace(/\.map$/, "").replace(/\.js$/, ".ts");
}

/** @param {string} folder */
function sourceFiles(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith(".test.ts"))
    .map((path) => join(folder, path));
}

/**
 * Of names, sizes and times: contents are tsc's own business, which compiles only what changed.
 * @param {readonly string[]} paths
 */
function fingerprint(paths) {
  const hash = createHash("sha1");
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} complaint
 */
function run(command, args, complaint) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
  if (result.error !== undefined) throw new SetupError(`${complaint}: ${result.error.message}`);
  if (result.status !== 0)
    throw new SetupError(`${complaint}:\n${(result.stdout + result.stderr).trim()}`);
}

/**
 * On stderr, because stdout belongs to the program that is being set up (`--json`, completion).
 * @param {string} line
 */
function say(line) {
  process.stderr.write(`${line}\n`);
}
