/**
 * The control groups of a laboratory: one for it, one per host below it, and in that one for the
 * host's daemons and one for its containers. So a whole host can be frozen at one stroke, and
 * whatever engines leave behind is found.
 *
 * With cgroup v1 the daemons are in the freezer's hierarchy alone (engines put containers in all of
 * them), with v2 there is but one.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { LabError } from "./lab-error.js";
import { type Patience, until } from "./until.js";

export interface CgroupMounts {
  /** Where processes are put and frozen. */
  readonly freezer: { readonly version: 1 | 2; readonly path: string };
  /** Every hierarchy that engines may have made something in. */
  readonly all: readonly string[];
}

/** @param mounts as /proc/self/mounts has them. @returns undefined where nothing can be frozen. */
export function cgroupMounts(mounts: string): CgroupMounts | undefined {
  const found = mounts.split("\n").flatMap((line) => {
    const [, path = "", type = "", options = ""] = line.split(" ");
    return type === "cgroup" || type === "cgroup2" ? [{ path, type, options }] : [];
  });
  const all = found.map(({ path }) => path);
  const v1 = found.find(
    ({ type, options }) => type === "cgroup" && options.split(",").includes("freezer"),
  );
  if (v1 !== undefined) return { freezer: { version: 1, path: v1.path }, all };
  const v2 = found.find(({ type }) => type === "cgroup2");
  return v2 === undefined ? undefined : { freezer: { version: 2, path: v2.path }, all };
}

/** One host of a laboratory; empty: all of it. */
export type LabPart = readonly [] | readonly [host: string];

export class LabCgroups {
  readonly #mounts: CgroupMounts;
  readonly #name: string;

  /** @param name of the laboratory. @throws LabError the machine has no cgroups that can freeze. */
  constructor(name: string) {
    const mounts = cgroupMounts(readFileSync("/proc/self/mounts", "utf8"));
    if (mounts === undefined) {
      throw new LabError("this machine has no cgroup mounted that can freeze processes");
    }
    this.#mounts = mounts;
    this.#name = name;
  }

  make(host: string): void {
    mkdirSync(this.#folder(host, "daemons"), { recursive: true });
    mkdirSync(this.#folder(host, "containers"), { recursive: true });
  }

  /** The file that a process of the host writes its pid to. */
  entrance(host: string): string {
    return join(this.#folder(host, "daemons"), "cgroup.procs");
  }

  /** What the host's engine puts its containers below, as engines want it. */
  containerParent(host: string): string {
    return join("/", this.#name, host, "containers");
  }

  isFrozen(host: string): boolean {
    const { version } = this.#mounts.freezer;
    const file = version === 1 ? "freezer.self_freezing" : "cgroup.freeze";
    return readOrEmpty(join(this.#folder(host), file)).trim() === "1";
  }

  /** Resolves once none of the host's processes runs any more. */
  async freeze(host: string, patience: Patience): Promise<void> {
    const { version } = this.#mounts.freezer;
    const folder = this.#folder(host);
    if (version === 1) writeFileSync(join(folder, "freezer.state"), "FROZEN");
    else writeFileSync(join(folder, "cgroup.freeze"), "1");
    const [file, wanted] =
      version === 1 ? ["freezer.state", /^FROZEN$/m] : ["cgroup.events", /^frozen 1$/m];
    await until(`${host} to stand still`, patience, () =>
      wanted.test(readOrEmpty(join(folder, file))) ? "frozen" : undefined,
    );
  }

  thaw(host: string): void {
    thawFolder(this.#folder(host), this.#mounts.freezer.version);
  }

  /** Paused containers too: what is frozen by cgroup v1 cannot even be killed. */
  thawAll(part: LabPart): void {
    const { version } = this.#mounts.freezer;
    for (const folder of foldersBelow(this.#folder(...part))) thawFolder(folder, version);
  }

  /** Pids of all that is in any of them. */
  members(part: LabPart): number[] {
    return foldersBelow(this.#folder(...part)).flatMap((folder) =>
      readOrEmpty(join(folder, "cgroup.procs")).split("\n").filter(Boolean).map(Number),
    );
  }

  /** Resolves once none is left, in any hierarchy. Nothing may run in them any more. */
  async remove(part: LabPart, patience: Patience): Promise<void> {
    const tops = this.#mounts.all.map((path) => join(path, this.#name, ...part));
    // The kernel needs a moment to see that a group whose last process was killed is empty.
    await until(`the control groups ${this.#name} to be empty`, patience, () => {
      for (const folder of tops.flatMap(foldersBelow).reverse()) tryRemove(folder);
      return tops.some((top) => existsSync(top)) ? undefined : "gone";
    });
  }

  #folder(...names: readonly string[]): string {
    return join(this.#mounts.freezer.path, this.#name, ...names);
  }
}

function thawFolder(folder: string, version: 1 | 2): void {
  const [file, word] = version === 1 ? ["freezer.state", "THAWED"] : ["cgroup.freeze", "0"];
  if (existsSync(join(folder, file))) writeFileSync(join(folder, file), word);
}

/** Parents first. */
function foldersBelow(top: string): string[] {
  if (!existsSync(top)) return [];
  const below = readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return [top, ...below.sort()];
}

function tryRemove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EBUSY" && code !== "ENOENT") throw error;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
