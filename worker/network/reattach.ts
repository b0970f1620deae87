/**
 * Puts containers back on their bridges: a bridge that somebody deleted and that was made again has
 * none of its ports, and no engine looks after that.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import { bridgeName } from "./core/link-names.js";
import { attachmentsOf } from "./core/node-network.js";
import { type Kernel, namespaceOf } from "./kernel.js";

/** @param pids of the tasks that run here @throws KernelRefusedError */
export async function reattach(
  kernel: Kernel,
  node: NodeNetworks,
  pids: ReadonlyMap<TaskId, number>,
): Promise<void> {
  const hostLinks = new Map((await kernel.links()).map((link) => [link.ifindex, link]));
  const lines: string[] = [];
  for (const [taskId, pid] of pids) {
    const links = await kernel.links(namespaceOf(pid)).catch(() => []); // it has ended
    for (const { network, endpoint } of attachmentsOf(node, taskId)) {
      const inside = links.find(({ addr_info: given = [] }) =>
        given.some(({ local = "" }) => endpoint.addresses.includes(local)),
      );
      const outside = hostLinks.get(inside?.link_index ?? 0);
      if (outside === undefined || outside.master === bridgeName(network)) continue;
      lines.push(`link set ${outside.ifname} master ${bridgeName(network)}`);
    }
  }
  await kernel.ipBatch(lines);
}
