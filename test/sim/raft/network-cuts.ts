/** Ways between hosts that are cut together, and mended together. */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { SimCluster } from "./sim-cluster.js";

/**
 * Cuts every way between `ids` and the others that `isCut`, by who sends.
 * @returns mends them.
 */
export function cutBetween(
  { network, hosts }: SimCluster,
  ids: readonly MemberId[],
  isCut: (from: MemberId) => boolean,
): () => void {
  const others = hosts.map(({ id }) => id).filter((id) => !ids.includes(id));
  const ways = ids.flatMap((id) =>
    others.flatMap((other) => [[id, other] as const, [other, id] as const]),
  );
  const cut = ways.filter(([from]) => isCut(from));
  for (const [from, to] of cut) network.cut(from, to);
  return () => {
    for (const [from, to] of cut) network.mend(from, to);
  };
}
