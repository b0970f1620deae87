/**
 * An agent's memory on a simulated disk: a write takes time, and one that was not done when the
 * process died is not there. What must hold of it is checked with each write.
 */
import { compareFences, type Fence, LOWEST_FENCE } from "../../../shared/model/fence.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type {
  AgentMemory,
  Remembered,
  StoredAssignments,
  StoredStatus,
} from "../../../worker/agent/agent-memory.js";
import type { ProcessClock } from "./process-clock.js";

/** As in `TaskDb`: what changes within it is one write. */
const GATHER_MS = 100;

/** A slow disk that is quick again finishes what it has soon. */
const LOOK_AGAIN_MS = 10;

export class AgentDisk {
  /** How long a write takes. */
  writeMs = 2;
  assignments: StoredAssignments | undefined;
  statuses: readonly StoredStatus[] = [];
  /** Fences that fell: there should be none. */
  readonly fallen: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get fence(): Fence {
    return this.assignments?.fence ?? LOWEST_FENCE;
  }

  /** For one life of the process. */
  openFor(process: ProcessClock): AgentMemory {
    return new DiskOfProcess(this, process);
  }

  /** The effect is there when the write is done, and not if the process died before. */
  write(process: ProcessClock, effect: () => void): Promise<void> {
    const beganMs = this.#clock.nowMs();
    return new Promise((resolve) => {
      const look = (afterMs: number): void => {
        this.#clock.after(afterMs, () => {
          if (process.state === "dead") return;
          if (this.#clock.nowMs() - beganMs < this.writeMs) {
            look(LOOK_AGAIN_MS);
            return;
          }
          effect();
          process.enter(resolve);
        });
      };
      look(Math.min(this.writeMs, LOOK_AGAIN_MS));
    });
  }

  keep(assignments: StoredAssignments): void {
    if (compareFences(assignments.fence, this.fence) < 0) {
      this.fallen.push(`${JSON.stringify(this.fence)} to ${JSON.stringify(assignments.fence)}`);
    }
    this.assignments = assignments;
  }
}

class DiskOfProcess implements AgentMemory {
  readonly #disk: AgentDisk;
  readonly #process: ProcessClock;
  #statuses: (() => readonly StoredStatus[]) | undefined;

  constructor(disk: AgentDisk, process: ProcessClock) {
    this.#disk = disk;
    this.#process = process;
  }

  async read(): Promise<Remembered> {
    const { assignments, statuses } = this.#disk;
    const nothing = { fence: LOWEST_FENCE, managers: [], tasks: [], templates: [] };
    const memory = assignments === undefined ? "none" : "kept";
    return Promise.resolve({ assignments: assignments ?? nothing, statuses, memory });
  }

  saveAssignments(assignments: StoredAssignments): Promise<void> {
    return this.#disk.write(this.#process, () => this.#disk.keep(assignments));
  }

  saveStatuses(statuses: () => readonly StoredStatus[]): void {
    const gathering = this.#statuses !== undefined;
    this.#statuses = statuses;
    if (!gathering) this.#process.after(GATHER_MS, () => void this.flush());
  }

  async flush(): Promise<void> {
    const statuses = this.#statuses?.();
    this.#statuses = undefined;
    if (statuses === undefined) return;
    await this.#disk.write(this.#process, () => {
      this.#disk.statuses = statuses;
    });
  }

  clear(): Promise<void> {
    this.#disk.assignments = undefined;
    this.#disk.statuses = [];
    return Promise.resolve();
  }
}
