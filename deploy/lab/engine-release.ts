/**
 * Other engines than the one that this machine has: those of other Debian releases. They run
 * containers with the machine's runc.
 */
import { join } from "node:path";

import { type DebianPackages, provideDebianPackages, unpackedRoot } from "./debian-packages.js";
import { SYSTEM_PATH } from "./run-program.js";

export const ENGINES = ["installed", "20.10", "26.1"] as const;
export type EngineRelease = (typeof ENGINES)[number];

/** Where Debian has each, by the name of its release. */
const SUITES = { "20.10": "bookworm", "26.1": "trixie" } as const;

/** The `PATH` that an engine of this release is started with. */
export function enginePath(release: EngineRelease): string {
  if (release === "installed") return SYSTEM_PATH;
  const root = unpackedRoot(packagesOf(release));
  return `${join(root, "usr/sbin")}:${join(root, "usr/bin")}:${SYSTEM_PATH}`;
}

/** @throws LabError it is not there and cannot be fetched, in apt's words. */
export async function provideEngine(
  release: EngineRelease,
  options: { readonly log: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  if (release !== "installed") await provideDebianPackages(packagesOf(release), options);
}

function packagesOf(release: keyof typeof SUITES): DebianPackages {
  const packages = ["docker.io", "containerd"];
  return { name: `docker-${release}`, suite: SUITES[release], packages };
}
