/**
 * Keeps the answerer of names at work: gives it the state in a file, starts it where it does not
 * run, and replaces one of an older version. It is left running when we end; only leaving the
 * cluster ends it.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { makePrivateFolder, readIfThere, replaceFile } from "../../shared/durable-file.js";
import { SKEP_VERSION } from "../../shared/skep-version.js";
import {
  isAlive,
  type ProcessIdentity,
  signalGroup,
  startOf,
  UNKNOWN_START,
} from "../engine/process/process-identity.js";
import type { NameState } from "./core/dns-state.js";
import type { Repairs } from "./table-keeper.js";

export interface NameKeeperOptions {
  /** Its own: the state, who the answerer is, and what it said last. */
  readonly folder: string;
  /** What starts the answerer; the path of the state file is added. */
  readonly program: readonly [string, ...string[]];
}

interface Answerer extends ProcessIdentity {
  readonly version: string;
}

export class NameKeeper {
  readonly #options: NameKeeperOptions;
  #written = "";

  constructor(options: NameKeeperOptions) {
    this.#options = options;
  }

  /** Resolves once the file says it; the answerer reads it at once. */
  async apply(state: NameState): Promise<void> {
    const text = JSON.stringify(state);
    if (text !== this.#written) await replaceFile(this.#statePath, text, "soon");
    this.#written = text;
    await this.mend();
  }

  /** Starts the answerer where it does not run. */
  async mend(): Promise<Repairs> {
    const known = await this.#answerer();
    const isThere = known !== undefined && (await isAlive(known));
    if (isThere && known.version === SKEP_VERSION) return [];
    await this.#start();
    // Two at a time hear of questions while one takes over: neither leaves one unanswered.
    if (isThere) await signalGroup(known, "SIGTERM");
    return known === undefined || isThere ? [] : ["start the answerer of names"];
  }

  /** Ends it, and forgets the state. */
  async remove(): Promise<void> {
    const known = await this.#answerer();
    if (known !== undefined) await signalGroup(known, "SIGTERM");
    this.#written = "";
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  get #statePath(): string {
    return join(this.#options.folder, "names.json");
  }

  get #processPath(): string {
    return join(this.#options.folder, "answerer.json");
  }

  async #answerer(): Promise<Answerer | undefined> {
    const text = await readIfThere(this.#processPath);
    return text === undefined ? undefined : (JSON.parse(text) as Answerer);
  }

  async #start(): Promise<void> {
    const { folder, program } = this.#options;
    await makePrivateFolder(folder);
    const [command, ...args] = program;
    const log = openSync(join(folder, "answerer.log"), "w");
    try {
      const child = spawn(command, [...args, this.#statePath], {
        detached: true,
        stdio: ["ignore", log, log],
        cwd: "/",
      });
      child.on("error", () => undefined); // it is looked after at the next pass
      child.unref();
      const { pid } = child;
      if (pid === undefined) return;
      const started = (await startOf(pid)) ?? UNKNOWN_START;
      const answerer: Answerer = { pid, started, version: SKEP_VERSION };
      await replaceFile(this.#processPath, JSON.stringify(answerer), "soon");
    } finally {
      closeSync(log);
    }
  }
}
