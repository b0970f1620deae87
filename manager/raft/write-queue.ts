/**
 * Makes durable what a member of Raft hands out, in its order. Entries follow each other to the log
 * without waiting (which shares its syncs among them); a snapshot waits for everything before it,
 * and everything after it for the snapshot. What finds no room on the disk is kept and tried again.
 */
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { SnapshotId } from "./core/message.js";
import type { Write } from "./core/ready.js";
import { StorageFullError } from "./log-errors.js";
import type { AppendRequest, LogFile } from "./log-file.js";

export interface WriteQueueOptions {
  readonly log: LogFile;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Puts a snapshot, whose data is here, in the place of the state, and the log that follows it in
   * the place of the log.
   */
  readonly install: (snapshot: SnapshotId, follows: AppendRequest) => Promise<void>;
  /** Called in the order of the writes. */
  readonly onWritten: (write: Write) => void;
  readonly onRoom: (room: "full" | "enough") => void;
  /** Anything but a full disk: the process must end. */
  readonly onFailed: (error: unknown) => void;
}

/** Room is mostly made by a person: looking once a second is soon enough. */
const RETRY_MS = 1_000;
/** A write that takes longer is worth a line: by then, users notice. */
const SLOW_DISK_MS = 500;

interface QueuedWrite {
  readonly write: Write;
  /** As of this write, whichever write changed it last. */
  readonly hardState: Write["hardState"];
  state: "waiting" | "handed" | "done" | "no-room";
}

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  /** In order; the first ones are with the log already. */
  #writes: QueuedWrite[] = [];
  #hardState: Write["hardState"];
  #state: "open" | "installing" | "full" | "failed" = "open";
  #idle: (() => void)[] = [];
  readonly #closing = new AbortController();

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  push(write: Write): void {
    this.#hardState = write.hardState ?? this.#hardState;
    this.#writes.push({ write, hardState: this.#hardState, state: "waiting" });
    this.#pump();
  }

  /** Resolves once nothing waits, or nothing more will be written. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the log is closing"));
    if (this.#writes.length === 0 || this.#state === "full" || this.#state === "failed") return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Hands over all that may go now. */
  #pump(): void {
    for (const item of this.#writes) {
      if (this.#state !== "open") return;
      if (item.state !== "waiting") continue;
      const first = item === this.#writes[0];
      if (item.write.snapshot !== undefined) {
        if (first) this.#install(item, item.write.snapshot);
        return;
      }
      const request = requestOf(item);
      if (request === undefined) {
        item.state = "done";
        continue;
      }
      item.state = "handed";
      this.#append(item, request);
    }
    this.#settle();
  }

  #append(item: QueuedWrite, request: AppendRequest): void {
    const { log, clock, logger } = this.#options;
    const startMs = clock.nowMs();
    log.append(request).then(
      () => {
        item.state = "done";
        const tookMs = Math.round(clock.nowMs() - startMs);
        if (tookMs > SLOW_DISK_MS) logger.warn({ tookMs }, "the disk of the log is slow");
        this.#settle();
        this.#pump();
      },
      (error: unknown) => {
        if (!(error instanceof StorageFullError)) return this.#fail(error);
        // The log refuses all that stood behind it, too: they go back into the queue together.
        item.state = "no-room";
        this.#retryOnceRefused();
      },
    );
  }

  #install(item: QueuedWrite, snapshot: SnapshotId): void {
    this.#state = "installing";
    this.#options.install(snapshot, appendOf(item)).then(
      () => {
        this.#state = "open";
        item.state = "done";
        this.#settle();
        this.#pump();
      },
      (error: unknown) => {
        if (!(error instanceof StorageFullError)) return this.#fail(error);
        this.#state = "open";
        item.state = "no-room";
        this.#retryOnceRefused();
      },
    );
  }

  /** Tells of what is done, as far as everything before it is. */
  #settle(): void {
    for (let next = this.#writes[0]; next?.state === "done"; next = this.#writes[0]) {
      this.#writes.shift();
      this.#options.onWritten(next.write);
    }
    if (this.#writes.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #retryOnceRefused(): void {
    if (this.#state === "full" || this.#writes.some(({ state }) => state === "handed")) return;
    const { clock, onRoom } = this.#options;
    this.#state = "full";
    for (const resolve of this.#idle.splice(0)) resolve();
    onRoom("full");
    clock.sleep(RETRY_MS, this.#closing.signal).then(
      () => this.#tryAgain(),
      () => undefined,
    );
  }

  #tryAgain(): void {
    this.#state = "open";
    for (const item of this.#writes) if (item.state === "no-room") item.state = "waiting";
    // The first one alone: where it finds room, the log says so for the rest.
    this.#pump();
  }

  #fail(error: unknown): void {
    if (this.#state === "failed") return;
    this.#state = "failed";
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#options.onFailed(error);
  }
}

/**
 * Undefined where nothing has to be durable: a commit index alone is found out again. It goes with
 * the next entries, though. A change of the membership counts from where it is known to be
 * committed, and the next one is proposed only then: so a member that has the next one in its log
 * must know of the one before, or after a crash it would count the votes of a membership that the
 * others have left two changes ago, and its majority would not meet theirs.
 */
function requestOf(item: QueuedWrite): AppendRequest | undefined {
  return item.write.mustSync ? appendOf(item) : undefined;
}

function appendOf({ write: { entries }, hardState }: QueuedWrite): AppendRequest {
  return hardState === undefined ? { entries } : { entries, hardState };
}
