import fc from "fast-check";
import { expect, test } from "vitest";

import {
  ClusterError,
  ProposalDroppedError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { arbitraryCommand, FIRST_COMMANDS } from "../../test/store/arbitrary-changes.js";
import { answersOf } from "../../test/store/naive-state.js";
import { EVERYTHING } from "../../test/store/questions.js";
import { MemoryLog } from "../raft/memory-log.js";
import type { CommittedEntry, Leadership, StateMachine } from "../raft/replicated-log.js";
import { decodeCommand, encodeCommand } from "./command-codec.js";
import { applyCommand } from "./core/apply.js";
import type { Command } from "./core/change.js";
import { emptyReplica, type Replica } from "./core/replica.js";
import { RefusedError } from "./outcome.js";
import { Store } from "./store.js";

const newStore = (clock: ManualClock): Store => new Store({ clock, logger: silentLogger });

function replay(commands: readonly Command[]): Replica {
  const replica = emptyReplica();
  for (const command of commands) applyCommand(replica, command);
  return replica;
}

/** What every manager reads of it. */
function asRead(command: Command): Command {
  return decodeCommand(encodeCommand(command));
}

/** A manager that leads, one that follows it from the bytes alone, and what both should hold. */
class World implements StateMachine {
  readonly clock = new ManualClock();
  readonly leader = newStore(this.clock);
  readonly follower = newStore(this.clock);
  readonly log: MemoryLog;
  /** In log order: what must be in the committed state. */
  readonly committed: Command[] = [];
  /** Proposed, in order, and neither committed nor dropped. */
  inFlight: Command[] = [];
  /** Whether a head is there: it goes with a dropped proposal or a foreign command. */
  headEnded = false;
  #foreign = 0;
  readonly #ends: Promise<void>[] = [];
  readonly #snapshots: {
    readonly hash: string;
    readonly chunks: AsyncIterator<Uint8Array>;
    readonly read: Uint8Array[];
  }[] = [];

  constructor() {
    this.log = new MemoryLog(this);
    this.leader.connect(this.log);
    this.log.hold();
    for (const command of FIRST_COMMANDS) this.deliver(command);
  }

  apply(entries: readonly CommittedEntry[]): void {
    for (const entry of entries) {
      this.leader.apply([entry]);
      this.follower.apply([{ ...entry, data: Uint8Array.from(entry.data) }]);
      expect(this.follower.stateHash()).toBe(this.leader.stateHash());
    }
  }

  snapshot(): ReturnType<StateMachine["snapshot"]> {
    return this.leader.snapshot();
  }

  restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.leader.restore(chunks);
  }

  leadershipChanged(leadership: Leadership): void {
    this.leader.leadershipChanged(leadership);
  }

  deliver(command: Command): void {
    this.#foreign++;
    this.committed.push(asRead(command));
    this.log.deliver(encodeCommand(command));
    this.headEnded = this.inFlight.length > 0;
  }

  /**
   * Runs `command` on the head, which must be what is committed and in flight, before and after.
   */
  write(command: Command): void {
    const { requestId: _, ...rest } = command;
    const asked = asRead({ ...rest, atMs: this.clock.wallMs() });
    const head = replay([...this.committed, ...this.inFlight]);
    const before = answersOf(head.tables, EVERYTHING);
    const fits = applyCommand(head, asked);
    const changes = fits.kind === "applied" && fits.events.length > 0;
    const outcome = this.leader.update((tx) => {
      expect(answersOf(tx.view, EVERYTHING)).toEqual(before);
      for (const change of command.changes) tx.apply(change);
      expect(answersOf(tx.view, EVERYTHING)).toEqual(answersOf(head.tables, EVERYTHING));
    });
    if (changes && !this.headEnded) this.inFlight.push(asked);
    const foreign = this.#foreign;
    const refused = fits.kind === "refused";
    const end = outcome.then(
      () => {
        expect(refused).toBe(false);
      },
      (error: unknown) => {
        if (error instanceof ProposalDroppedError || error instanceof TryAgainError) return;
        // It fitted the head; what came between them was not on it.
        if (error instanceof RefusedError) expect(this.#foreign).toBeGreaterThan(foreign);
        else expect({ refused, error }).toEqual({ refused: true, error: expect.any(ClusterError) });
      },
    );
    this.#ends.push(end);
  }

  commit(count: number): void {
    this.committed.push(...this.inFlight.splice(0, count));
    this.log.commit(count);
    if (this.inFlight.length === 0) this.headEnded = false;
  }

  async drop(keep: number): Promise<void> {
    if (this.inFlight.length <= keep) return;
    this.log.dropWaiting(keep);
    await settle();
    this.inFlight = this.inFlight.slice(0, keep);
    this.headEnded = this.inFlight.length > 0;
  }

  async reelect(): Promise<void> {
    this.log.stepDown();
    await settle();
    this.inFlight = [];
    this.log.lead();
    this.headEnded = false;
  }

  freeze(): void {
    const chunks = this.leader.snapshot().chunks[Symbol.asyncIterator]();
    this.#snapshots.push({ hash: this.leader.stateHash(), chunks, read: [] });
  }

  /** Everything committed is what the replay says; snapshots restore to what they were taken of. */
  async finish(): Promise<void> {
    this.commit(this.inFlight.length);
    await Promise.all(this.#ends);
    const expected = replay(this.committed);
    expect(this.leader.stateHash()).toBe(expected.hash.text());
    expect(answersOf(this.leader.committed, EVERYTHING)).toEqual(
      answersOf(expected.tables, EVERYTHING),
    );
    await this.leader.update((tx) => {
      expect(answersOf(tx.view, EVERYTHING)).toEqual(answersOf(expected.tables, EVERYTHING));
    });
    for (const { hash, chunks } of this.#snapshots) {
      const restored = newStore(this.clock);
      await restored.restore({ [Symbol.asyncIterator]: () => chunks });
      expect(restored.stateHash()).toBe(hash);
    }
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: arbitraryCommand.map((command) => (world: World) => {
      world.write(command);
    }),
  },
  {
    weight: 3,
    arbitrary: fc.nat(4).map((count) => (world: World) => {
      world.commit(Math.min(count, world.inFlight.length));
    }),
  },
  { weight: 1, arbitrary: fc.nat(3).map((keep) => (world: World) => world.drop(keep)) },
  {
    weight: 1,
    arbitrary: arbitraryCommand.map((command) => (world: World) => {
      world.deliver(command);
    }),
  },
  { weight: 1, arbitrary: fc.constant((world: World) => world.reelect()) },
  {
    weight: 1,
    arbitrary: fc.constant((world: World) => {
      world.freeze();
    }),
  },
);

test("head, committed state, followers and snapshots agree, whatever is committed and dropped when", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50, size: "max" }), async (steps) => {
      const world = new World();
      for (const run of steps) await run(world);
      await world.finish();
    }),
  );
});
