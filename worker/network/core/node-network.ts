/** What one task or one host needs of the whole: selections from `NodeNetworks`. */
import type { TaskId } from "../../../shared/model/ids.js";
import type {
  Endpoint,
  NodeNetworks,
  OverlayNetwork,
} from "../../../shared/model/node-networks.js";

export interface Attachment {
  readonly network: OverlayNetwork;
  readonly endpoint: Endpoint;
}

/** The task's networks, in the order in which the node hears of them. */
export function attachmentsOf({ networks }: NodeNetworks, taskId: TaskId): readonly Attachment[] {
  return networks.flatMap((network) => {
    const endpoint = network.endpoints.find((one) => one.taskId === taskId);
    return endpoint === undefined ? [] : [{ network, endpoint }];
  });
}
