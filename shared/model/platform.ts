/** Whether a node runs what was built for an operating system and a processor. */
import type { Platform } from "../docker-api/platform.js";
import { canonicalArchitecture } from "./constraint.js";
import type { Node } from "./node.js";

/** @param platforms any of these will do; none listed, or one that says nothing: every node will */
export function runsPlatform(node: Node, platforms: readonly Platform[]): boolean {
  const named = platforms.filter(({ OS, Architecture }) => OS || Architecture);
  return named.length === 0 || named.some((platform) => runs(node, platform));
}

/** Before its first session nothing is known of a node, and it is not ready either. */
function runs(node: Node, wanted: Platform): boolean {
  const own = node.description?.Platform;
  const sameOs = !wanted.OS || own?.OS?.toLowerCase() === wanted.OS.toLowerCase();
  const sameArchitecture =
    !wanted.Architecture ||
    canonicalArchitecture(own?.Architecture ?? "") === canonicalArchitecture(wanted.Architecture);
  return sameOs && sameArchitecture;
}
