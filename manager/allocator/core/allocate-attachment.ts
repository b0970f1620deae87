/**
 * Gives what a user attached its addresses: those that were asked for by name, else the next ones.
 * What it has on a network stays its own as long as it is on it.
 */
import { isAllocated } from "../../../shared/model/attachment.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { NetworkAddresses } from "../../../shared/model/network.js";
import type { Allocation, Decision } from "./allocate.js";

export function allocateAttachment(
  { view, holdings, nowMs }: Allocation,
  attachmentId: TaskId,
): Decision {
  const attachment = view.attachment(attachmentId);
  if (attachment === undefined || isAllocated(attachment)) return { outcome: "settled" };
  const kind = "allocate-attachment" as const;
  const present = attachment.addresses ?? [];
  const served = view.node(attachment.nodeId)?.gateways?.map((gateway) => gateway.networkId) ?? [];
  const fresh: NetworkAddresses[] = [];
  const refuse = (error: string): Decision => {
    for (const one of fresh) holdings.putBack(one);
    if (error === attachment.error) return { outcome: "wanting" };
    const change = { kind, attachmentId, addresses: present, error };
    return { change, outcome: "wanting" };
  };
  for (const { networkId, wanted } of attachment.networks) {
    if (present.some((one) => one.networkId === networkId)) continue;
    const network = view.network(networkId);
    if (network === undefined) return refuse(`network ${networkId} not found`);
    const taken =
      wanted.length > 0
        ? holdings.takeNamed(network, wanted, nowMs)
        : holdings.take(network, served.includes(networkId) ? "placed" : "task", nowMs);
    if (taken.kind === "full") return refuse(taken.reason);
    fresh.push({ networkId, addresses: taken.addresses });
  }
  return { change: { kind, attachmentId, addresses: [...present, ...fresh] }, outcome: "settled" };
}
