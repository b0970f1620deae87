/**
 * Programs that tests drive from outside: the official docker command line and the shells that
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

/** @param {(line: string) => void} log */
export async function ensurePrograms(log) {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !hasApt()) return;
  const missesCli = findDockerCli().kind === "unavailable";
  try {
    await installMissing([...SHELLS, ...(missesCli ? ENGINE_PACKAGES : [])], log);
  } catch (error) {
    log(/** @type {Error} */ (error).message);
  }
}
