/**
 * How large a command may be. What is larger is refused at once, or cut into several by
 * its maker (`batches.ts`).
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * One entry of the log. etcd and SwarmKit draw the line at 1.5 MiB too: the largest
 * object that Docker lets in (a config of 1,000 KiB) fits, and a follower still has it
 * within some milliseconds.
 */
export const COMMAND_BYTES_MAX = 1.5 * MIB;

/**
 * One spec as JSON. Three of them (new frame, previous frame, new template) fit into one command
 * with room to spare; the longest specs seen in practice have some 20 KiB.
 */
export const SPEC_BYTES_MAX = 384 * KIB;

/**
 * Applying a thousand changes holds the event loop for some 2 ms, which is less than one fdatasync.
 */
export const CHANGES_PER_COMMAND_MAX = 1_000;

/** Commands proposed and not committed: twice what saturates the log on two cores. */
export const IN_FLIGHT_COMMANDS_MAX = 1_024;

/**
 * Bytes proposed and not committed: they are held in memory here, in the log and for each follower.
 */
export const IN_FLIGHT_BYTES_MAX = 32 * MIB;

/** One command was to carry more than `CHANGES_PER_COMMAND_MAX` changes. */
export class TooManyChangesError extends ClusterError {
  readonly code = "too-large";

  constructor() {
    super(`a command carries at most ${CHANGES_PER_COMMAND_MAX} changes`);
  }
}
