/**
 * Other engines than the one that this machine has: Debian's packages of another release, unpacked
 * into a folder of their own without being installed. They run containers with the machine's runc.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { LabError } from "./lab-error.js";
import { runProgram, SYSTEM_PATH } from "./run-program.js";

export const ENGINES = ["installed", "20.10", "26.1"] as const;
export type EngineRelease = (typeof ENGINES)[number];

/** Where Debian has each, by the name of its release. */
const SUITES = { "20.10": "bookworm", "26.1": "trixie" } as const;

const PACKAGES = ["docker.io", "containerd"];
const MIRROR = "http://deb.debian.org/debian";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Fetched once: 56 MB. */
const CACHE = "/var/cache/skep";

/** The `PATH` that an engine of this release is started with. */
export function enginePath(release: EngineRelease): string {
  if (release === "installed") return SYSTEM_PATH;
  const root = folderOf(release);
  return `${join(root, "usr/sbin")}:${join(root, "usr/bin")}:${SYSTEM_PATH}`;
}

/** @throws LabError it is not there and cannot be fetched, in apt's words. */
export async function provideEngine(
  release: EngineRelease,
  { log, signal }: { readonly log: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  if (release === "installed" || existsSync(folderOf(release))) return;
  if (!existsSync("/usr/bin/apt-get") || !existsSync(KEYRING)) {
    throw new LabError(
      `--engine ${release}: Debian's packages are fetched with apt and ${KEYRING}`,
    );
  }
  log(`fetching Docker ${release} from Debian ${SUITES[release]}`);
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await fetchInto(scratch, SUITES[release], signal);
    renameSync(join(scratch, "root"), folderOf(release));
  } catch (error) {
    if (!existsSync(folderOf(release))) throw error; // else another one was faster
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** With lists and settings of its own, so that the machine's apt hears nothing of it. */
async function fetchInto(scratch: string, suite: string, signal: AbortSignal): Promise<void> {
  const source = `deb [signed-by=${KEYRING}] ${MIRROR} ${suite} main\n`;
  writeFileSync(join(scratch, "sources.list"), source);
  const places = {
    "Dir::Etc::SourceList": join(scratch, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(scratch, "lists"),
    "Dir::Cache": join(scratch, "cache"),
    // The user that apt would download as may not write here.
    "APT::Sandbox::User": "root",
  };
  const options = Object.entries(places).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const download = join(scratch, "download");
  for (const folder of ["lists/partial", "cache/archives/partial", "download"]) {
    mkdirSync(join(scratch, folder), { recursive: true });
  }
  await runProgram(["apt-get", "-q", ...options, "update"], { signal });
  await runProgram(["apt-get", "-q", ...options, "download", ...PACKAGES], {
    signal,
    cwd: download,
  });
  for (const file of readdirSync(download)) {
    await runProgram(["dpkg-deb", "--extract", join(download, file), join(scratch, "root")], {
      signal,
    });
  }
}

function folderOf(release: EngineRelease): string {
  return join(CACHE, `docker-${release}`);
}
