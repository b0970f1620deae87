/** What one task or one host needs of the whole: selections from `NodeNetworks`. */
import type { TaskId } from "../../../shared/model/ids.js";
import { offsetIn, rangeOf } from "../../../shared/model/ip-address.js";
import type {
  Endpoint,
  NodeNetworks,
  OverlayNetwork,
  Subnet,
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

/**
 * The subnets that the endpoint's addresses are of; none while this node has not got its own address
 * in all of them.
 */
export function subnetsOf(
  { subnets }: Pick<OverlayNetwork, "subnets">,
  { addresses }: Pick<Endpoint, "addresses">,
): readonly Subnet[] {
  const found = addresses.map((address) =>
    subnets.find(({ cidr }) => offsetIn(rangeOf(cidr), address) !== undefined),
  );
  return found.every((subnet) => subnet !== undefined) ? found : [];
}
