/** Which VXLAN a new network is. */
import type { Network } from "../../../shared/model/network.js";

/** Docker's own: lower ones are often those of a hardware overlay below. */
const VNI_MIN = 4_096;
/** RFC 7348 section 4: 24 bits. */
const VNI_MAX = (1 << 24) - 1;

/**
 * @param sequence of the store: every command has its own, so that one that was given back is not
 *   given again before sixteen million commands.
 * @returns undefined where all are taken
 */
export function freeVni(networks: readonly Network[], sequence: number): number | undefined {
  const taken = new Set(networks.map(({ vni }) => vni));
  const count = VNI_MAX - VNI_MIN + 1;
  for (let tried = 0; tried <= taken.size; tried++) {
    const vni = VNI_MIN + ((sequence + tried) % count);
    if (!taken.has(vni)) return vni;
  }
  return undefined;
}
