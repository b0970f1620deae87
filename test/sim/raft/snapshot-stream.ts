/**
 * A snapshot on its way from one manager to another: chunk by chunk, until all are there, or the
 * way is cut, or one of the two is gone.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { Message } from "../../../manager/raft/core/message.js";
import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import type { Network, Station } from "./network.js";
import type { HostProcess } from "./sim-process.js";
import type { World } from "./timeline.js";

type SnapshotMessage = Message & { readonly kind: "snapshot" };
type Item =
  | { readonly kind: "chunk"; readonly chunk: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "lost" };

/** A silent connection is given up after this. */
const SILENCE_MS = 1_000;

export interface Sender {
  readonly world: World;
  readonly network: Network;
  readonly process: HostProcess;
}

/** @throws UnavailableError */
export async function streamSnapshot(
  sender: Sender,
  message: SnapshotMessage,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { from, to } = message;
  const { world, network } = sender;
  const station = network.station(to);
  if (station === undefined || !network.isOpen(from, to) || !network.isOpen(to, from)) {
    throw new UnavailableError(`${to} is out of reach`);
  }
  const inbox = new Inbox(world, station.process);
  const answer = deliver(sender, station, { message, inbox });
  let passed = true;
  for await (const chunk of chunks) {
    passed = await passOn(sender, inbox, { from, to, item: { kind: "chunk", chunk } });
    if (!passed) break;
  }
  if (passed) await passOn(sender, inbox, { from, to, item: { kind: "end" } });
  if ((await answer) === "failed") throw new UnavailableError("the snapshot was not taken");
}

/** Whether it was taken, as the sender hears of it. Whoever is alone on the line notices. */
function deliver(
  { world, process: sender }: Sender,
  { process, listener }: Station,
  { message, inbox }: { readonly message: SnapshotMessage; readonly inbox: Inbox },
): Promise<"taken" | "failed"> {
  return new Promise((resolve) => {
    let over = false;
    const end = (result: "taken" | "failed"): void => {
      over = true;
      sender.enter(() => resolve(result));
    };
    const look = (): void => {
      if (over) return;
      if (sender.state === "dead") inbox.put({ kind: "lost" });
      else if (process.state === "dead") end("failed");
      else world.after(SILENCE_MS, look);
    };
    look();
    process.enter(() => {
      listener.receivedSnapshot(message, inbox.chunks()).then(
        () => end("taken"),
        () => end("failed"),
      );
    });
  });
}

/** @returns whether it got there. */
function passOn(
  { world, network, process }: Sender,
  inbox: Inbox,
  { from, to, item }: { readonly from: MemberId; readonly to: MemberId; readonly item: Item },
): Promise<boolean> {
  const delayMs = network.chunkDelayMs(from, to);
  return new Promise((resolve) => {
    world.after(delayMs ?? SILENCE_MS, () => {
      inbox.put(delayMs === undefined ? { kind: "lost" } : item);
      process.enter(() => resolve(delayMs !== undefined));
    });
  });
}

/** What has arrived, for its reader. */
class Inbox {
  readonly #world: World;
  readonly #process: HostProcess;
  readonly #items: Item[] = [];
  #wake: (() => void) | undefined;

  constructor(world: World, process: HostProcess) {
    this.#world = world;
    this.#process = process;
  }

  put(item: Item): void {
    this.#items.push(item);
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake !== undefined) this.#world.after(0, () => this.#process.enter(wake));
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const item = this.#items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (item.kind === "end") return;
      else if (item.kind === "lost") throw new UnavailableError("the connection broke off");
      else yield item.chunk;
    }
  }
}
