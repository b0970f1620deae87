/**
 * What a laboratory was asked to be, kept in its folder and written before anything else is made.
 * What it is at the moment is not noted: the kernel is asked.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import type { EngineSettings } from "./daemons.js";
import { LabError } from "./lab-error.js";
import { hostsOf } from "./layout.js";

const FILE = "lab.json";
const FORMAT = 1;
const SCRATCH = "scratch";

export interface LabRecord extends EngineSettings {
  readonly format: typeof FORMAT;
  readonly hosts: number;
  readonly managers: number;
  /** `half` from the first moment on, `whole` once everything has come up. */
  readonly made: "half" | "whole";
  /** Whether the folder itself is the laboratory's to take away. */
  readonly folder: "made" | "found";
}

/** @returns undefined where the folder holds no laboratory. @throws LabError another version's. */
export function readRecord(dir: string): LabRecord | undefined {
  const path = join(dir, FILE);
  if (!existsSync(path)) return undefined;
  const record = parse(readFileSync(path, "utf8"));
  if (record?.format !== FORMAT) {
    throw new LabError(`${path} is not of this version: take that laboratory down with its own`);
  }
  return record;
}

/** @throws LabError the folder holds something else. */
export function writeFirstRecord(
  dir: string,
  wish: Pick<LabRecord, "hosts" | "managers" | keyof EngineSettings>,
): LabRecord {
  const found = existsSync(dir);
  if (found && readdirSync(dir).length > 0) {
    throw new LabError(`${dir} holds files that are no laboratory's: choose an empty folder`);
  }
  mkdirSync(dir, { recursive: true });
  const { hosts, managers, liveRestore, engine } = wish;
  const record: LabRecord = {
    ...{ format: FORMAT, hosts, managers, liveRestore, engine },
    ...{ made: "half", folder: found ? "found" : "made" },
  };
  writeRecord(dir, record);
  return record;
}

/** For what is of no use once it is up. Where it never comes up it goes with the rest. */
export function scratchFolder(dir: string): string {
  const folder = join(dir, SCRATCH);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export function writeRecord(dir: string, record: LabRecord): void {
  const path = join(dir, FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
}

/** The laboratory's files, and nothing else. The record goes last: until then `down` finds it. */
export function removeFiles(dir: string, record: LabRecord): void {
  for (const { folder } of hostsOf(dir, record.hosts)) {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const folder of [join(dir, "bin"), join(dir, SCRATCH)]) {
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(join(dir, `${FILE}.new`), { force: true });
  rmSync(join(dir, FILE), { force: true });
  if (record.folder === "made" && readdirSync(dir).length === 0) rmdirSync(dir);
}

function parse(text: string): LabRecord | undefined {
  try {
    return JSON.parse(text) as LabRecord;
  } catch {
    return undefined;
  }
}
