/**
 * Before the unit tests: programs that tests drive from outside: the official docker command line and the shells that
 * complete our own. Installed where that may be; tests that miss one say so themselves.
 */
import { ENGINE_PACKAGES, hasApt, installMissing } from "../../deploy/provision/packages.mjs";
import { findDockerCli } from "./cli.mjs";

/** @typedef {import("../../deploy/provision/packages.mjs").Package} Package */

/** @type {readonly Package[]} */
const SHELLS = [
  { name: "zsh", files: ["/usr/bin/zsh", "/bin/zsh"] },
  { name: "fish", files: ["/usr/bin/fish"] },
];

export async function setup() {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !hasApt()) return;
  const missesCli = findDockerCli().kind === "unavailable";
  try {
    await installMissing([...SHELLS, ...(missesCli ? ENGINE_PACKAGES : [])], say);
  } catch (error) {
    say(/** @type {Error} */ (error).message);
  }
}

/** @param {string} line */
function say(line) {
  console.log(`programs: ${line}`);
}
