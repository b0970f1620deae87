/**
 * What users attached to a network by hand, among the endpoints of it: reached by address while it
 * is attached, and by name while it runs. Its name is its container's, as Docker has it.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import type { NetworkId } from "../../../shared/model/ids.js";
import { macOf } from "../../../shared/model/mac-address.js";
import type { Endpoint } from "../../../shared/model/node-networks.js";
import type { StoreView } from "../../store/core/view.js";
import { SHORT_ID_LENGTH } from "./service-reach.js";

/** In the order of their ids. */
export function attachedEndpoints(view: StoreView, networkId: NetworkId): readonly Endpoint[] {
  return view.attachments().flatMap((attachment) => {
    const { id: taskId, nodeId, addresses: all = [] } = attachment;
    const addresses = all.find((one) => one.networkId === networkId)?.addresses ?? [];
    if (addresses.length === 0) return [];
    const isHere = view.node(nodeId)?.status.state !== "down";
    const state = isHere ? attachment.state : "silent";
    const names = state === "serving" ? namesOn(attachment, networkId) : [];
    const kind = "attachment";
    return [{ taskId, nodeId, mac: macOf(addresses), addresses, names, state, kind }];
  });
}

function namesOn(
  { containerId, containerName, networks }: Attachment,
  networkId: NetworkId,
): readonly string[] {
  const aliases = networks.find((one) => one.networkId === networkId)?.aliases ?? [];
  const all = [containerName, containerId.slice(0, SHORT_ID_LENGTH), ...aliases];
  return [...new Set(all.filter((name) => name !== ""))];
}
