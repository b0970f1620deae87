/**
 * What the agent must remember across its own death: the highest fence, what it was told to
 * run, and what it has yet to report. Two files, each replaced whole. The assignments are
 * durable before they are acted on; the statuses are written soon after, for what is lost of
 * them the engine still shows.
 *
 * A file that does not read as it was written is set aside under another name and
 * told of, never guessed at.
 */
import { createHash } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { makePrivateFolder, readIfThere, replaceFile } from "../../shared/durable-file.js";
import { compareFences, type Fence, LOWEST_FENCE } from "../../shared/model/fence.js";
import type { Clock, Timer } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { AgentMemory, Remembered, StoredAssignments, StoredStatus } from "./agent-memory.js";

interface StoredStatuses {
  /** Kept here too: where the other file is damaged, at least the fence must not fall. */
  readonly fence: Fence;
  readonly statuses: readonly StoredStatus[];
}

const FORMAT = 1;
const ASSIGNMENTS_FILE = "assignments.json";
const STATUSES_FILE = "statuses.json";
/**
 * A task that starts changes its status five times within a second: one
 * write for all, of all tasks.
 */
const GATHER_MS = 100;

export class TaskDb implements AgentMemory {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #fence: Fence = LOWEST_FENCE;
  #statuses: (() => readonly StoredStatus[]) | undefined;
  #gathering: Timer | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly folder: string;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  async read(): Promise<Remembered> {
    await makePrivateFolder(this.#folder);
    const assignments = await this.#readFile<StoredAssignments>(ASSIGNMENTS_FILE);
    const statuses = await this.#readFile<StoredStatuses>(STATUSES_FILE);
    this.#fence = laterFence(assignments?.fence ?? LOWEST_FENCE, statuses?.fence ?? LOWEST_FENCE);
    const nothing = { managers: [], tasks: [], templates: [] };
    return {
      assignments: { ...(assignments ?? nothing), fence: this.#fence },
      statuses: statuses?.statuses ?? [],
      memory: assignments === undefined ? "none" : "kept",
    };
  }

  async saveAssignments(assignments: StoredAssignments): Promise<void> {
    this.#fence = assignments.fence;
    await replaceFile(this.#path(ASSIGNMENTS_FILE), encode(assignments), "durable");
  }

  saveStatuses(statuses: () => readonly StoredStatus[]): void {
    this.#statuses = statuses;
    this.#gathering ??= this.#clock.after(GATHER_MS, () => {
      this.#gathering = undefined;
      void this.flush();
    });
  }

  async flush(): Promise<void> {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    this.#writing ??= this.#writeStatuses().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async clear(): Promise<void> {
    this.#statuses = undefined;
    await this.flush();
    this.#fence = LOWEST_FENCE;
    await rm(this.#path(ASSIGNMENTS_FILE), { force: true });
    await rm(this.#path(STATUSES_FILE), { force: true });
  }

  async #writeStatuses(): Promise<void> {
    while (this.#statuses !== undefined) {
      const statuses = this.#statuses();
      this.#statuses = undefined;
      const stored: StoredStatuses = { fence: this.#fence, statuses };
      try {
        await replaceFile(this.#path(STATUSES_FILE), encode(stored), "soon");
      } catch (error) {
        // A full disk must not stop the tasks; what is not on disk is still reported from memory.
        this.#logger.error({ error }, "the statuses of tasks could not be written");
      }
    }
  }

  /** @returns undefined where there is none, or none that can be trusted. */
  async #readFile<T>(name: string): Promise<T | undefined> {
    const path = this.#path(name);
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const content = decode(text);
    // Its digest is right, so it is what we wrote.
    if (content !== undefined) return content as T;
    const aside = `${path}.damaged-${Math.floor(this.#clock.wallMs())}`;
    await rename(path, aside);
    this.#logger.error(
      { path: aside },
      "the agent's memory is damaged and was set aside: it waits for a manager to say what should run",
    );
    return undefined;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** A line with format and digest, then the content: what was cut short or altered shows. */
function encode(content: unknown): string {
  const body = JSON.stringify(content);
  return `${JSON.stringify({ format: FORMAT, sha256: digest(body) })}\n${body}\n`;
}

function decode(text: string): unknown {
  const [header = "", body = ""] = text.split("\n");
  try {
    const { format, sha256 } = JSON.parse(header) as { format?: number; sha256?: string };
    if (format !== FORMAT || sha256 !== digest(body)) return undefined;
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function laterFence(a: Fence, b: Fence): Fence {
  return compareFences(a, b) < 0 ? b : a;
}
