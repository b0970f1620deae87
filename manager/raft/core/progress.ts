/**
 * What a leader knows of one member's log, and how it sends to it:
 *
 * ```
 *             accepted                  accepted up to our log
 *   probe ───────────────► replicate   ┌────────────────────────┐
 *     ▲                       │        │                        │
 *     ├── rejected, unreachable        │   the log is compacted │
 *     └────────────── snapshot ◄───────┴──── beyond what it has ┘
 * ```
 *
 * - `probe`: one append per heartbeat, until it is known where the logs agree.
 * - `replicate`: appends follow each other without waiting, as many as may be in flight.
 * - `snapshot`: nothing, while one is under way.
 */
import { assert } from "../../../shared/errors/assert.js";
import { InFlight, type InFlightLimits } from "./in-flight.js";

export type ProgressState = "probe" | "replicate" | "snapshot";

export class Progress {
  /** The member has, durably, all that the leader has up to here. */
  matchIndex = 0;
  /** The next entry to send; above `matchIndex`. */
  nextIndex: number;
  /** Heard since the quorum was last checked. */
  active: "heard" | "silent";
  learner: boolean;
  readonly inFlight: InFlight;
  #state: ProgressState = "probe";
  #paused = false;
  #sentCommit = 0;
  #snapshotIndex = 0;

  constructor(options: {
    readonly nextIndex: number;
    readonly learner: boolean;
    readonly active: "heard" | "silent";
    readonly limits: InFlightLimits;
  }) {
    this.nextIndex = options.nextIndex;
    this.learner = options.learner;
    this.active = options.active;
    this.inFlight = new InFlight(options.limits);
  }

  get state(): ProgressState {
    return this.#state;
  }

  /** Nothing is to be sent before the member was heard again. */
  get paused(): boolean {
    return this.#state === "snapshot" || this.#paused;
  }

  /** Index of the snapshot that is under way; 0 for none. */
  get snapshotIndex(): number {
    return this.#snapshotIndex;
  }

  probe(): void {
    // The snapshot may have arrived, and its acknowledgement not.
    const known = this.#state === "snapshot" ? this.#snapshotIndex : 0;
    this.#enter("probe");
    this.nextIndex = Math.max(this.matchIndex, known) + 1;
    this.#capSentCommit();
  }

  replicate(): void {
    this.#enter("replicate");
    this.nextIndex = this.matchIndex + 1;
  }

  sendSnapshot(index: number): void {
    this.#enter("snapshot");
    this.#snapshotIndex = index;
    this.nextIndex = index + 1;
    this.#sentCommit = index;
  }

  /** The snapshot did not get there: it must not count as known to the member. */
  snapshotFailed(): void {
    this.#snapshotIndex = 0;
    this.probe();
  }

  /** An append with so many entries was sent from `nextIndex` on. */
  sent(entries: number, bytes: number): void {
    assert(this.#state !== "snapshot", "an append to a member that waits for a snapshot");
    if (this.#state === "probe") {
      if (entries > 0) this.#paused = true;
      return;
    }
    if (entries > 0) {
      this.nextIndex += entries;
      this.inFlight.add(this.nextIndex - 1, bytes);
    }
    this.#paused = this.inFlight.full;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Something came from the member: another message may get through. */
  resume(): void {
    this.#paused = false;
  }

  sentCommit(index: number): void {
    this.#sentCommit = index;
  }

  /** Whether the member would learn something from being told of this commit index. */
  wantsCommit(index: number): boolean {
    return index > this.#sentCommit && this.#sentCommit < this.nextIndex - 1;
  }

  /** @returns whether that was news. */
  accepted(index: number): boolean {
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    this.nextIndex = Math.max(this.nextIndex, index + 1);
    this.#paused = false;
    return true;
  }

  /**
   * An append after `index` was rejected; the logs may agree up to `hint`.
   * @returns false where the rejection is out of date.
   */
  rejected(index: number, hint: number): boolean {
    if (this.#state === "replicate") {
      if (index <= this.matchIndex) return false;
      this.nextIndex = this.matchIndex + 1;
    } else {
      if (this.nextIndex - 1 !== index) return false;
      this.nextIndex = Math.max(Math.min(index, hint + 1), this.matchIndex + 1);
      this.#paused = false;
    }
    this.#capSentCommit();
    return true;
  }

  #enter(state: ProgressState): void {
    this.#state = state;
    this.#paused = false;
    this.#snapshotIndex = 0;
    this.inFlight.clear();
  }

  #capSentCommit(): void {
    this.#sentCommit = Math.min(this.#sentCommit, this.nextIndex - 1);
  }
}
