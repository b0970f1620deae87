/**
 * Routes in a task's own namespace: the other subnets of its networks are on the same wire, not
 * behind a gateway. A network without a way out has no gateway at all, and a task on several
 * networks has that of one of them.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import { isIpv6, type NodeNetworks } from "../../../shared/model/node-networks.js";
import { type Attachment, attachmentsOf, subnetsOf } from "./node-network.js";
import type { ShownLink } from "./present-overlay.js";

export interface TaskRoute {
  readonly cidr: string;
  /** Of the task; the route leads out of the interface that has it. */
  readonly from: string;
}

export function routesOf(node: NodeNetworks, taskId: TaskId): readonly TaskRoute[] {
  return attachmentsOf(node, taskId).flatMap(routesOn);
}

function routesOn({ network, endpoint }: Attachment): readonly TaskRoute[] {
  if (network.subnets.length === 1) return [];
  const own = new Set(subnetsOf(network, endpoint));
  return endpoint.addresses.flatMap((from) =>
    network.subnets
      .filter((subnet) => !own.has(subnet) && isIpv6(subnet.cidr) === isIpv6(from))
      .map(({ cidr }) => ({ cidr, from })),
  );
}

/** For `ip -batch`. @param links of the namespace */
export function routeCommands(routes: readonly TaskRoute[], links: readonly ShownLink[]): string[] {
  return routes.flatMap(({ cidr, from }) => {
    const link = links.find(({ addr_info: given = [] }) =>
      given.some(({ local }) => local === from),
    );
    return link === undefined ? [] : [`route replace ${cidr} dev ${link.ifname} src ${from}`];
  });
}
