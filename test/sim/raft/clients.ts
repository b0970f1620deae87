/**
 * Clients of the simulated cluster: they write through any manager that believes to lead, and read
 * on any. What they were answered goes into the history and is held against the facts.
 */
import type { MembershipChange } from "../../../manager/raft/core/membership.js";
import { ClusterError, type ErrorCode } from "../../../shared/errors/cluster-error.js";
import type { Random } from "../../../shared/ports/random.js";
import { type Call, History } from "./history.js";
import type { SimCluster } from "./sim-cluster.js";
import type { Life, SimHost } from "./sim-host.js";

/** More calls at once on one object make the search for their order long, and find nothing more. */
const MAX_OPEN_PER_KEY = 8;
/** Readers wait no longer. */
const READ_TIMEOUT_MS = 3_000;
/** Of a thousand calls. */
const READS = 350;

/** These mean that nothing of it will ever happen. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "proposal-dropped",
  "no-leader",
  "try-again",
  "too-large",
]);
/** These, that nobody can tell. */
const UNKNOWNS: ReadonlySet<ErrorCode> = new Set(["outcome-unknown", "storage-failed"]);

export class Clients {
  readonly history = new History();
  /** Calls that were not answered; of members that live. */
  open = 0;
  /** Called at each acknowledged write, with who acknowledged it. */
  onAcknowledged: ((host: SimHost) => void) | undefined;
  readonly #cluster: SimCluster;
  readonly #random: Random;
  readonly #openOf = new Map<string, number>();
  #asked = 0;

  constructor(cluster: SimCluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  /** Asks on and on until `untilMs`. */
  start(untilMs: number): void {
    const { world, plan } = this.#cluster;
    const ask = (): void => {
      if (world.nowMs >= untilMs) return;
      this.#askOne();
      world.after(this.#random.below(2 * plan.askEveryMs), ask);
    };
    ask();
  }

  /** Many writes at once. */
  burst(count: number): void {
    const [leader] = this.#cluster.leaders;
    if (leader === undefined) return;
    for (let i = 0; i < count; i++) this.write(leader, this.#key());
  }

  write(host: SimHost, key: string): Call | undefined {
    const { life } = host;
    if (life?.member === undefined || this.#isBusy(key)) return undefined;
    const { facts, trace } = this.#cluster;
    const id = `${key}/${++this.#asked}`;
    const call = this.history.ask({ key, kind: "write", id });
    facts.asked(id);
    const answered = this.#opened(key, life, () => {
      facts.cameTo(id, "unknown", "its manager died");
      this.history.giveUp(call, "unknown");
    });
    life.process.enter(() => {
      const proposed = life.member?.propose(new TextEncoder().encode(id));
      proposed?.then(
        (receipt) => {
          if (!answered()) return;
          facts.cameToBe(id, receipt);
          this.history.answer(call, life.objects.resultOf(id));
          this.onAcknowledged?.(host);
        },
        (error: unknown) => {
          if (!answered()) return;
          trace.say(`${host.id} answers ${id}: ${String(error)}`);
          this.#refused(call, error);
        },
      );
    });
    return call;
  }

  read(host: SimHost, key: string): void {
    const { life } = host;
    if (life?.member === undefined || this.#isBusy(key)) return;
    const call = this.history.ask({ key, kind: "read", id: "" });
    const timeout = new AbortController();
    const answered = this.#opened(key, life, () => this.history.giveUp(call, "void"));
    life.process.after(READ_TIMEOUT_MS, () => timeout.abort(new Error("too slow")));
    life.process.enter(() => {
      life.member?.readIndex(timeout.signal).then(
        (index) => {
          if (!answered()) return;
          if (life.objects.index < index) {
            const detail = `${host.id} may read entry ${index}, and has ${life.objects.index}`;
            this.#cluster.facts.violated("a read waits for what it reads", detail);
          }
          this.history.answer(call, life.objects.read(key));
        },
        () => {
          if (answered()) this.history.giveUp(call, "void");
        },
      );
    });
  }

  isIdle(key: string): boolean {
    return (this.#openOf.get(key) ?? 0) === 0;
  }

  changeMembership(host: SimHost, change: MembershipChange, onDone?: () => void): void {
    const { life } = host;
    if (life?.member === undefined) return;
    const answered = this.#opened("membership", life, () => undefined);
    life.process.enter(() => {
      life.member?.changeMembership(change).then(
        () => {
          if (answered()) onDone?.();
        },
        (error: unknown) => {
          answered();
          this.#cluster.trace.say(`${host.id} answers the change: ${String(error)}`);
        },
      );
    });
  }

  #askOne(): void {
    const { hosts, leaders } = this.#cluster;
    const key = this.#key();
    const asksLeader = this.#random.below(1_000) >= READS;
    const from = asksLeader ? leaders : hosts;
    const host = from[this.#random.below(from.length)];
    if (host === undefined) return;
    if (asksLeader) this.write(host, key);
    else this.read(host, key);
  }

  #key(): string {
    return `k${this.#random.below(this.#cluster.plan.keys)}`;
  }

  #isBusy(key: string): boolean {
    return (this.#openOf.get(key) ?? 0) >= MAX_OPEN_PER_KEY;
  }

  /** @returns to be called at the answer; whether it still counts. */
  #opened(key: string, life: Life, died: () => void): () => boolean {
    let isOpen = true;
    this.open++;
    this.#openOf.set(key, (this.#openOf.get(key) ?? 0) + 1);
    const close = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      this.open--;
      this.#openOf.set(key, (this.#openOf.get(key) ?? 1) - 1);
      life.onDeath.delete(end);
      return true;
    };
    const end = (): void => {
      if (close()) died();
    };
    life.onDeath.add(end);
    return close;
  }

  #refused(call: Call, error: unknown): void {
    const { facts } = this.#cluster;
    const code = error instanceof ClusterError ? error.code : undefined;
    if (code !== undefined && REFUSALS.has(code)) {
      facts.cameTo(call.id, "refused", String(error));
      this.history.giveUp(call, "void");
    } else {
      if (code === undefined || !UNKNOWNS.has(code)) {
        facts.violated("errors are known ones", String(error));
      }
      facts.cameTo(call.id, "unknown", String(error));
      this.history.giveUp(call, "unknown");
    }
  }
}
