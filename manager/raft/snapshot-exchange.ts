/**
 * Snapshots between members: sends the newest one to whoever fell behind, takes in what another
 * member sends, and puts it in the place of this member's state. One at a time is taken in: from
 * its first byte until it has taken the log's place.
 */
import { ProposalDroppedError, TryAgainError } from "../../shared/errors/cluster-error.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { MemberId } from "./core/member-id.js";
import type { Message, SnapshotId } from "./core/message.js";
import type { AppendRequest, LogFile } from "./log-file.js";
import type { Peers } from "./peers.js";
import type { StateMachine } from "./replicated-log.js";
import type { Snapshots } from "./snapshots.js";

export type SnapshotMessage = Message & { readonly kind: "snapshot" };

export interface SnapshotExchangeOptions {
  readonly log: LogFile;
  readonly snapshots: Snapshots;
  readonly stateMachine: StateMachine;
  readonly peers: Peers;
  readonly logger: Logger;
  /** One was taken over, and is not installed yet. */
  readonly awaitsInstall: () => boolean;
  readonly onSent: (to: MemberId, outcome: "arrived" | "failed") => void;
}

export class SnapshotExchange {
  readonly #options: SnapshotExchangeOptions;
  #latest: SnapshotId | undefined;
  #receiving = false;

  /** @param latest what the state was restored from. */
  constructor(latest: SnapshotId | undefined, options: SnapshotExchangeOptions) {
    this.#latest = latest;
    this.#options = options;
  }

  /** The newest one that can be sent. */
  get latest(): SnapshotId | undefined {
    return this.#latest;
  }

  /** There is one of this member's own: perhaps begun before another member's was installed. */
  taken(snapshot: SnapshotId): void {
    if (snapshot.index > (this.#latest?.index ?? 0)) this.#latest = snapshot;
  }

  send(message: SnapshotMessage): void {
    const { snapshots, peers, logger, onSent } = this.#options;
    const { to, snapshot } = message;
    const { index, term } = snapshot;
    const file = snapshots.kept.find((kept) => kept.index === index && kept.term === term);
    const sent =
      file === undefined
        ? Promise.reject(new ProposalDroppedError(`the snapshot at entry ${index} is gone`))
        : peers.sendSnapshot(message, snapshots.read(file));
    sent.then(
      () => onSent(to, "arrived"),
      (error: unknown) => {
        logger.warn({ error, to, index }, "a snapshot did not get there");
        onSent(to, "failed");
      },
    );
  }

  /** Durable once resolved. @throws TryAgainError, and why it did not come whole. */
  async receive({ snapshot }: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#receiving || this.#options.awaitsInstall()) {
      throw new TryAgainError("a snapshot is under way already");
    }
    this.#receiving = true;
    try {
      await this.#options.snapshots.receive({ ...snapshot, chunks });
    } finally {
      this.#receiving = false;
    }
  }

  /** Puts the one that was received in the place of the state, and `follows` after it. */
  async install(snapshot: SnapshotId, follows: AppendRequest): Promise<void> {
    const { snapshots, log, stateMachine, logger } = this.#options;
    const { index, term } = snapshot;
    await snapshots.install(snapshot);
    await log.append({ restart: { index, term }, ...follows });
    await stateMachine.restore(snapshots.read({ index, term, origin: "received" }));
    this.#latest = snapshot;
    logger.info({ index }, "took over another manager's state");
  }
}
