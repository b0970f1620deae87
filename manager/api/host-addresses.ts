/** Where the cluster's nodes are reached and what they reach, as the store has it. */
import { type Node, nodeHostname, underlayAddress } from "../../shared/model/node.js";
import { parseHostPort } from "../../shared/rpc/host-port.js";
import type { HostPlace } from "./core/host-address.js";

export function hostPlaces(nodes: readonly Node[]): readonly HostPlace[] {
  return nodes.flatMap((node): HostPlace[] => {
    const { description, manager, status } = node;
    const hostname = nodeHostname(node);
    // A manager's own agent may reach it over the loopback: then this alone is its address.
    const dialled = manager === undefined ? "" : parseHostPort(manager.address).host;
    const given = [status.address, dialled, underlayAddress(node)];
    const addresses = new Set(given.filter((address) => address !== ""));
    return [
      ...[...addresses].map((address) => ({ hostname, address })),
      ...(description?.Network?.Routes ?? []).map((route) => ({ hostname, route })),
    ];
  });
}
