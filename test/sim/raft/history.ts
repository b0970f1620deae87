/**
 * What clients asked and were answered, per object, in the order in which it happened: what
 * `linearizable.ts` judges.
 */
import type { ObjectState } from "./objects.js";

export interface Call {
  readonly key: string;
  readonly kind: "read" | "write";
  /** Of a write: its id. */
  readonly id: string;
  /** When it was asked: a number that only rises. */
  readonly askedAt: number;
  /** When it was answered; undefined while it is not, and for ever where nobody knows. */
  answeredAt: number | undefined;
  /** What was read; of a write, what it left. */
  state: ObjectState | undefined;
  /** `void`: it never happened. */
  end: "open" | "done" | "void" | "unknown";
}

export class History {
  readonly calls: Call[] = [];
  #now = 0;

  ask(call: Pick<Call, "key" | "kind" | "id">): Call {
    const asked: Call = {
      ...call,
      askedAt: ++this.#now,
      answeredAt: undefined,
      state: undefined,
      end: "open",
    };
    this.calls.push(asked);
    return asked;
  }

  answer(call: Call, state: ObjectState | undefined): void {
    call.answeredAt = ++this.#now;
    call.state = state;
    call.end = "done";
  }

  /** Nothing came of it, or nobody knows what did. */
  giveUp(call: Call, end: "void" | "unknown"): void {
    call.answeredAt = ++this.#now;
    call.end = end;
  }
}
