/**
 * A disk alters what it had synced, while its host is down. The manager must notice: it does not
 * start then, and counts as lost. Where it starts all the same, its log must be what it was.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import { scanSegment } from "../../../manager/raft/core/scan-segment.js";
import {
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
} from "../../../manager/raft/core/segment-header.js";
import { DamagedLogError } from "../../../manager/raft/log-errors.js";
import { LogFile } from "../../../manager/raft/log-file.js";
import { silentLogger } from "../../../shared/ports/logger.js";
import { contentsOf } from "../log-model.js";
import { loseAll } from "../power-cut.js";
import { SimulatedDisk } from "../simulated-disk.js";
import type { Fault } from "./plan.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimHost } from "./sim-host.js";

type Files = ReadonlyMap<string, Uint8Array>;

export function flipBit(
  cluster: SimCluster,
  host: SimHost,
  fault: Fault,
): (() => void) | undefined {
  if (!mayLose(cluster, host.id)) return undefined;
  host.crash(loseAll);
  const before = host.disk.files();
  const after = host.disk.files();
  const paths = [...after.keys()].sort();
  const path = paths[fault.other % Math.max(1, paths.length)];
  const bytes = path === undefined ? undefined : after.get(path);
  const at = bytes === undefined ? undefined : placeIn(path as string, bytes, fault.amount);
  if (bytes === undefined || at === undefined) return () => host.start();
  bytes[at] = (bytes[at] as number) ^ (1 << (fault.pick % 8));
  cluster.trace.say(`${host.id}: byte ${at} of ${path as string} is altered`);
  host.disk = new SimulatedDisk({}, after);
  host.flipped = true;
  void compare(cluster, host.id, { before, after });
  return () => host.start();
}

/** The fault model has a minority of such disks. */
function mayLose(cluster: SimCluster, id: MemberId): boolean {
  const halves = cluster.recentMemberships.flatMap(({ voters, outgoing }) => [voters, outgoing]);
  return halves.every((half) => {
    const lost = half.filter((voter) => voter === id || cluster.host(voter)?.isDoubtful === true);
    return lost.length === 0 || lost.length <= (half.length - 1) / 2;
  });
}

/**
 * Anywhere but in the last batch of the log: until it is sealed, it looks like a torn write
 * (`scan-segment.ts` says why).
 */
function placeIn(path: string, bytes: Uint8Array, amount: number): number | undefined {
  const at = Math.floor((amount / 1_000) * bytes.length);
  const name = parseSegmentName(path.slice(path.lastIndexOf("/") + 1));
  if (bytes.length === 0 || name === undefined) return bytes.length === 0 ? undefined : at;
  const { provenOffset, endOffset } = scanSegment(bytes, name.segment, SEGMENT_HEADER_BYTES);
  return at >= provenOffset && at < endOffset ? undefined : at;
}

async function compare(
  { facts }: SimCluster,
  id: MemberId,
  files: { readonly before: Files; readonly after: Files },
): Promise<void> {
  const [before, after] = [await logOf(files.before), await logOf(files.after)];
  if (after === undefined || before === after) return;
  facts.violated("altered data is noticed", `${id} would go on with another log than it had`);
}

/** @returns undefined where it is refused. */
async function logOf(files: Files): Promise<string | undefined> {
  const disk = new SimulatedDisk({}, files);
  const options = { disk, folder: "/raft/log", logger: silentLogger, onFatal: () => undefined };
  try {
    const { entries, ...rest } = await contentsOf(await LogFile.open(options));
    return JSON.stringify([rest, [...entries]]);
  } catch (error) {
    if (error instanceof DamagedLogError) return undefined;
    throw error;
  }
}
