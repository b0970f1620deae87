/**
 * Programs of another Debian release than the machine's: packages unpacked into a folder of their
 * own without being installed, fetched once.
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
import { runProgram } from "./run-program.js";

export interface DebianPackages {
  /** Of the folder that they share. */
  readonly name: string;
  /** Such as `trixie`. */
  readonly suite: string;
  readonly packages: readonly string[];
}

const MIRROR = "http://deb.debian.org/debian";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Fetched once: tens of megabytes each. */
const CACHE = "/var/cache/skep";

/** Where their files are, as if it were the root folder. */
export function unpackedRoot({ name }: Pick<DebianPackages, "name">): string {
  return join(CACHE, name);
}

/** @throws LabError they are not there and cannot be fetched, in apt's words. */
export async function provideDebianPackages(
  wanted: DebianPackages,
  { log, signal }: { readonly log: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const root = unpackedRoot(wanted);
  if (existsSync(root)) return;
  if (!existsSync("/usr/bin/apt-get") || !existsSync(KEYRING)) {
    throw new LabError(`${wanted.name}: Debian's packages are fetched with apt and ${KEYRING}`);
  }
  log(`fetching ${wanted.name} from Debian ${wanted.suite}`);
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await fetchInto(scratch, wanted, signal);
    renameSync(join(scratch, "root"), root);
  } catch (error) {
    if (!existsSync(root)) throw error; // else another one was faster
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** With lists and settings of its own, so that the machine's apt hears nothing of it. */
async function fetchInto(
  scratch: string,
  { suite, packages }: DebianPackages,
  signal: AbortSignal,
): Promise<void> {
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
  await runProgram(["apt-get", "-q", ...options, "download", ...packages], {
    signal,
    cwd: download,
  });
  for (const file of readdirSync(download)) {
    await runProgram(["dpkg-deb", "--extract", join(download, file), join(scratch, "root")], {
      signal,
    });
  }
}
