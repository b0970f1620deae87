/**
 * `npm run bench`, `demo`, `lab`, `mutate`, `sim`: runs one of our programs from a clone in any state.
 *
 * The program replaces this one as far as Node allows: it gets the arguments, the terminal and the
 * signals, and its exit code becomes ours.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

import { ensureBuilt, ensureInstalled, ROOT, SetupError } from "./bootstrap.mjs";

/** @type {Record<string, string>} */
const PROGRAMS = {
  bench: "bench/main",
  demo: "deploy/demo/main",
  lab: "deploy/lab/main",
  mutate: "test/sim/mutations/main",
  sim: "test/sim/main",
};

try {
  const [name = "", ...args] = process.argv.slice(2);
  start(name, args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/**
 * @param {string} name
 * @param {string[]} args
 */
function start(name, args) {
  const program = PROGRAMS[name];
  if (program === undefined)
    throw new SetupError(`no program "${name}": one of ${Object.keys(PROGRAMS).join(", ")}`);
  if (!existsSync(join(ROOT, `${program}.ts`)))
    throw new SetupError(`"${name}" is not written yet: there is no ${program}.ts`);
  ensureInstalled();
  ensureBuilt();
  const child = spawn(process.execPath, [join(ROOT, "dist", `${program}.js`), ...args], {
    stdio: "inherit",
  });
  // The program decides when we end. A terminal sends Ctrl-C to both of us: passing it on as well
  // would look like a second one, which means "at once".
  process.on("SIGINT", () => undefined);
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"]))
    process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
  });
}
