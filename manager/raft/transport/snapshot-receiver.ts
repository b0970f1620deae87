/** Takes snapshots from other managers, one at a time, each in as many calls as it needs. */
import {
  PermissionDeniedError,
  TryAgainError,
  UnavailableError,
} from "../../../shared/errors/cluster-error.js";
import type { Caller } from "../../../shared/rpc/caller.js";
import type { RpcStream } from "../../../shared/rpc/rpc-stream.js";
import { IncomingSnapshot } from "./incoming-snapshot.js";
import { Admission, type MessageReceiverOptions } from "./message-receiver.js";
import type { SnapshotBegin, SnapshotPart, SnapshotReply } from "./snapshot-rpc.js";

type Stream = RpcStream<SnapshotPart, SnapshotReply>;

export class SnapshotReceiver {
  readonly #options: MessageReceiverOptions;
  #incoming: IncomingSnapshot | undefined;

  constructor(options: MessageReceiverOptions) {
    this.#options = options;
  }

  async receive(stream: Stream, caller: Caller): Promise<void> {
    const parts = stream.messages[Symbol.asyncIterator]();
    const first = await parts.next();
    if (first.done === true) return;
    if (first.value.kind !== "begin") throw new PermissionDeniedError("a begin comes first");
    const admission = new Admission(this.#options, first.value.hello, caller);
    this.#options.onHello(first.value.hello);
    const incoming = await this.#incomingFor(first.value);
    const call = incoming.attach();
    const over = aborted(call.signal);
    try {
      stream.send({ kind: "have", pieces: incoming.have });
      for (;;) {
        const next = await Promise.race([over, parts.next()]);
        call.signal.throwIfAborted();
        if (next.done === true) return;
        admission.check();
        const part = next.value;
        if (part.kind === "begin") throw new PermissionDeniedError("a call brings one snapshot");
        if (part.kind === "end") {
          incoming.end(part);
          await incoming.taken;
          stream.send({ kind: "done" });
          return;
        }
        await incoming.take(part.piece);
        stream.send({ kind: "have", pieces: incoming.have });
      }
    } finally {
      incoming.detach(call);
    }
  }

  close(): void {
    this.#incoming?.fail(new UnavailableError("this manager is stopping"));
  }

  async #incomingFor(begin: SnapshotBegin): Promise<IncomingSnapshot> {
    for (;;) {
      const present = this.#incoming;
      if (present?.isSame(begin) === true) return present;
      if (present === undefined || present.settled) break;
      if (!present.yieldsTo(begin)) throw new TryAgainError("another snapshot is under way");
      present.fail(new TryAgainError("another snapshot takes its place"));
      await present.taken.catch(() => undefined);
    }
    const listener = this.#options.listener();
    if (listener === undefined) throw new UnavailableError("this manager is not taking part");
    this.#incoming = new IncomingSnapshot(begin, listener, this.#options.clock);
    return this.#incoming;
  }
}

/** Rejects with the reason, once it is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  const over = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
  // Nobody may be waiting for it.
  over.catch(() => undefined);
  return over;
}
