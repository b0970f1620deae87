/**
 * Finds the official docker command line, which some tests drive: Skep must serve it unmodified.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

// Where Debian's docker.io (up to 12) and docker-cli (from 13) put it, for a PATH without it.
const DEBIAN_CLI_FOLDER = "/usr/bin";

/**
 * @typedef {{ readonly kind: "ready", readonly path: string, readonly version: string }} ReadyCli
 * @typedef {{ readonly kind: "unavailable", readonly reason: string }} UnavailableCli
 */

/**
 * The first `docker` on PATH that is Docker's own, with its version (`28.2.2`).
 * @returns {ReadyCli | UnavailableCli}
 */
export function findDockerCli() {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), DEBIAN_CLI_FOLDER];
  for (const folder of folders) {
    const path = join(folder, "docker");
    if (folder === "" || !isExecutable(path)) continue;
    // `podman-docker` also calls itself docker, but prints "podman version …".
    const answer = String(spawnSync(path, ["--version"]).stdout);
    const version = /^Docker version ([^,\s]+)/.exec(answer)?.[1];
    if (version !== undefined) return { kind: "ready", path, version };
  }
  return {
    kind: "unavailable",
    reason: "no docker command line (on Debian: docker.io or docker-cli)",
  };
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
