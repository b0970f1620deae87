/** What a member of consensus is given, and the numbers that it plays with. */
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { CompactionSettings } from "./compactor.js";
import type { MemberId } from "./core/member-id.js";
import type { Pace, RaftLimits } from "./core/member-state.js";
import type { Disk } from "./disk.js";
import type { Peers } from "./peers.js";
import { MAX_WAITING_BYTES } from "./proposal-queue.js";
import type { StateMachine } from "./replicated-log.js";
import type { SegmentSizes } from "./segment.js";

export interface RaftMemberOptions {
  readonly id: MemberId;
  readonly disk: Disk;
  /** Everything of this member is below it. */
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stateMachine: StateMachine;
  readonly peers: Peers;
  /** `found`: alone, where there is no log yet. Else the others send what there is. */
  readonly beginning: "found" | "join";
  /** The log can no longer be written, or a bug of ours: the process must end. */
  readonly onFatal: (error: unknown) => void;
  /** Asked anew after every batch, so that the cluster's settings count at once. */
  readonly compaction?: () => CompactionSettings;
  readonly sizes?: SegmentSizes;
  readonly ticks?: TickSettings;
  /** Asked anew at every tick, so that the cluster's settings count at once. */
  readonly pace?: () => Pace;
  readonly limits?: RaftLimits;
  /** Runs `turn` soon, once for all that happens until then. */
  readonly defer?: (turn: () => void) => void;
}

export interface TickSettings extends Pace {
  readonly tickMs: number;
}

/** Heartbeats every 100 ms; elections after 500 to 1,000 ms. */
export const DEFAULT_TICKS: TickSettings = { tickMs: 50, heartbeatTicks: 2, electionTicks: 10 };
/** To one member and not acknowledged: what a fast network has in its buffers. */
export const IN_FLIGHT = { messages: 256, bytes: 16 * 1024 * 1024 };
export const DEFAULT_LIMITS: RaftLimits = {
  // Larger appends hold up the heartbeats behind them.
  messageBytes: 1024 * 1024,
  inFlight: IN_FLIGHT,
  uncommittedBytes: MAX_WAITING_BYTES,
};
export const APPLYING_BYTES = 4 * 1024 * 1024;
