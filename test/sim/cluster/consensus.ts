/**
 * How simulated managers come to agree: what the rest of a cluster knows of that. There are two: one
 * log for all, replicated at once (`at-once.ts`), and real consensus (`agreement/`).
 */
import type { Leadership } from "../../../manager/raft/replicated-log.js";
import type { StoreAccess, Transaction } from "../../../manager/store/store-access.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Random } from "../../../shared/ports/random.js";
import type { PowerCut } from "../simulated-disk.js";
import type { Network } from "./network.js";
import type { ProcessClock } from "./process-clock.js";

/** One life of a manager's process. */
export interface Life {
  readonly process: ProcessClock;
  readonly random: Random;
  /** Its state is recovered: from now on it answers. */
  opened(store: StoreAccess): void;
  leadershipChanged(leadership: Leadership): void;
}

/** A manager's part in consensus, its disk included: it outlives the process. */
export interface Seat {
  begin(life: Life): void;
  /** @param cut undefined: the process died, its host did not. */
  end(cut: PowerCut | undefined): void;
}

export interface Consensus {
  /** As nobody in particular has it: all that is committed, once it is. */
  readonly store: Pick<StoreAccess, "committed" | "stateHash" | "watch">;
  /** Whose proposals can be committed; undefined: nobody's. */
  readonly leader: string | undefined;
  /** Since when it leads. */
  readonly leaderSinceMs: number;
  /** From a decision to its commit: of what is being committed, or would be now. */
  readonly commitMs: number;
  /** Nothing holds up whoever leads. */
  readonly isQuick: boolean;
  /** Called with what managers did that they must never do, by the promise that it breaks. */
  onWrong: (property: string, detail: string) => void;
  seat(name: string): Seat;
  /** Brings the managers together, from their start until one of them has written `write`. */
  found(startManagers: () => void, write: (tx: Transaction) => void): Promise<void>;
  /** Another is to lead, or nobody, as far as that can be had. */
  elect(name: string | undefined): void;
  /** Of whoever leads: how long its disk takes. */
  beSlow(commitMs: number): void;
  /** What a user asks of whoever leads. */
  update<T>(write: (tx: Transaction) => T): Promise<T>;
}

/** What consensus is built on. */
export interface ConsensusGround {
  readonly names: readonly string[];
  readonly clock: Clock & { advance(ms: number): Promise<void> };
  readonly random: Random;
  readonly network: Network;
  readonly onFailed: (error: unknown) => void;
}

/** A disk that nothing is wrong with. */
export const USUAL_COMMIT_MS = 2;
/** A commit or a write that takes longer holds up whoever waits for it. */
export const QUICK_MS = 100;
