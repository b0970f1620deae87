/** A write on the speculative head: what it changes is one command, or nothing. */
import { assert } from "../../shared/errors/assert.js";
import type { ProtoWriter } from "../../shared/rpc/wire/proto-writer.js";
import { type CommandHeader, CommandWriter, type EncodedCommand } from "./command-codec.js";
import { applyChange } from "./core/apply/change.js";
import type { Change } from "./core/change.js";
import { Draft } from "./core/draft.js";
import type { Head } from "./core/head.js";
import type { StoreView } from "./core/view.js";
import type { Transaction } from "./store-access.js";

export class HeadTransaction implements Transaction {
  readonly view: StoreView;
  readonly atMs: number;
  readonly #draft: Draft;
  readonly #writer: CommandWriter;
  #failure: { readonly error: unknown } | undefined;
  #open = true;

  /** @param bytes free to be written to until this transaction is closed. */
  constructor(head: Head, header: CommandHeader, bytes: ProtoWriter) {
    this.view = head;
    this.atMs = header.atMs;
    this.#draft = new Draft(head, { atMs: header.atMs, sequence: head.sequence + 1 });
    this.#writer = new CommandWriter(header, bytes);
  }

  get size(): { readonly changes: number; readonly bytes: number } {
    return this.#writer;
  }

  get changedSomething(): boolean {
    return this.#draft.changedSomething;
  }

  apply(change: Change): void {
    assert(this.#open, "a transaction was used after its write had returned");
    this.throwFailure();
    try {
      applyChange(this.#draft, this.#writer.add(change));
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** A change that did not fit may have left half of itself: nothing can follow it. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Leaves the head as it was before. */
  rollback(): void {
    this.#draft.rollback();
  }

  close(): void {
    this.#open = false;
  }

  finish(): EncodedCommand {
    return this.#writer.finish();
  }
}
