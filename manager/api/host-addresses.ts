/** The addresses at which the cluster's nodes are reached, as the store has them. */
import { type Node, nodeHostname } from "../../shared/model/node.js";
import { parseHostPort } from "../../shared/rpc/host-port.js";
import type { HostAddress } from "./core/host-address.js";

export function hostAddresses(nodes: readonly Node[]): readonly HostAddress[] {
  return nodes.flatMap((node) => {
    const { status, manager } = node;
    // A manager's own agent may reach it over the loopback: then this alone is its address.
    const dialled = manager === undefined ? "" : parseHostPort(manager.address).host;
    const addresses = new Set([status.address, dialled].filter((address) => address !== ""));
    return [...addresses].map((address) => ({ hostname: nodeHostname(node), address }));
  });
}
