/**
 * The store of one manager: the replicated state, applied from the log. Readers and watchers see
 * what is committed; writers, on the manager that leads, see the speculative head (`proposals.ts`).
 * The log owns the order; the store owns the state, and hears of every entry exactly once.
 */
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type {
  CommittedEntry,
  Leadership,
  ReplicatedLog,
  StateMachine,
} from "../raft/replicated-log.js";
import { decodeCommand } from "./command-codec.js";
import { type Applied, applyCommand } from "./core/apply.js";
import { differences } from "./core/differences.js";
import { Head } from "./core/head.js";
import { emptyReplica, type Replica } from "./core/replica.js";
import type { RequestOutcome } from "./core/requests.js";
import type { State } from "./core/state.js";
import type { StoreView } from "./core/view.js";
import { Proposals } from "./proposals.js";
import { type LogPosition, readSnapshot, writeSnapshot } from "./snapshot-codec.js";
import type {
  CommittedBatch,
  StoreAccess,
  Transaction,
  UpdateOptions,
  Watch,
} from "./store-access.js";
import { WatchHistory } from "./watch-history.js";

export interface StoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Store implements StoreAccess, StateMachine {
  readonly #logger: Logger;
  readonly #proposals: Proposals;
  readonly #history = new WatchHistory(0);
  #replica: Replica = emptyReplica();
  #position: LogPosition = { index: 0, term: 0 };

  constructor({ clock, logger }: StoreOptions) {
    this.#logger = logger;
    this.#proposals = new Proposals(() => this.#replica, clock);
  }

  /** Where commands are proposed from now on: the log that this store is the state machine of. */
  connect(log: ReplicatedLog): void {
    this.#proposals.connect(log);
  }

  get committed(): StoreView {
    return this.#replica.tables;
  }

  imagine(): State {
    return new Head(this.#replica.tables);
  }

  stateHash(): string {
    return this.#replica.hash.text();
  }

  requestOutcome(requestId: string): RequestOutcome | undefined {
    return this.#replica.requests.get(requestId);
  }

  update<T>(write: (tx: Transaction) => T, options?: UpdateOptions<T>): Promise<T> {
    return this.#proposals.update(write, options);
  }

  watch(
    listener: (batch: CommittedBatch) => void,
    options: { readonly after?: number } = {},
  ): Watch {
    return this.#history.watch(listener, options.after);
  }

  leadershipChanged(leadership: Leadership): void {
    this.#proposals.leadershipChanged(leadership);
  }

  /** @throws UnimplementedError an entry is of a later release: this manager must stop. */
  apply(entries: readonly CommittedEntry[]): void {
    for (const { index, term, data } of entries) {
      if (data.length > 0) this.#applyCommand(data);
      this.#position = { index, term };
    }
    this.#proposals.beginHead();
  }

  snapshot(): { index: number; term: number; chunks: AsyncIterable<Uint8Array> } {
    return { ...this.#position, chunks: writeSnapshot(this.#replica, this.#position) };
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const replica = emptyReplica();
    const position = await readSnapshot(replica, chunks);
    // At a start nobody watches yet, and everything would differ.
    const watched = this.#history.watched;
    const events = watched ? differences(this.#replica.tables, replica.tables) : [];
    this.#proposals.endHead();
    this.#replica = replica;
    this.#position = position;
    this.#history.replaced({ sequence: replica.tables.sequence, events });
    this.#proposals.beginHead();
  }

  #applyCommand(data: Uint8Array): void {
    const proposal = this.#proposals.committed(data);
    const applied = applyCommand(this.#replica, proposal?.command ?? decodeCommand(data));
    if (proposal !== undefined) this.#proposals.applied(proposal, applied);
    if (applied.kind === "refused") this.#logRefusal(applied);
    const events = applied.kind === "applied" ? applied.events : [];
    this.#history.publish({ sequence: applied.sequence, events });
  }

  #logRefusal({ sequence, refusal, cause }: Extract<Applied, { kind: "refused" }>): void {
    this.#logger.info({ sequence, ...refusal, cause }, "a command was refused");
  }
}
