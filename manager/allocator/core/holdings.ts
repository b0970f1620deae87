/**
 * Who holds which address and port now, followed from the store's events: nothing of it is state
 * of its own. What a decision takes is held at once, before it is committed. A task holds its
 * addresses until it has ended, on a host out of reach too; what a user attached, until it is let go.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import type { NetworkId, NodeId, TaskId } from "../../../shared/model/ids.js";
import { type Network, type NetworkAddresses, networkName } from "../../../shared/model/network.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "../../store/core/change.js";
import { AddressPool } from "./address-pool.js";
import type { LatelyFreed } from "./lately-freed.js";
import { PortPool } from "./port-pool.js";

/** What was taken, or why nothing could be. */
export type Taken =
  | { readonly kind: "taken"; readonly addresses: readonly string[] }
  | { readonly kind: "full"; readonly reason: string };

/** `placed`: what is on a node that has its own address on the network; it costs no second one. */
type Taker = "task" | "service" | "placed";

/** A task or an attachment. */
type Holder = Pick<Task, "id" | "nodeId" | "addresses">;

const NOTHING: readonly NetworkAddresses[] = [];

export class Holdings {
  readonly ports = new PortPool();
  readonly #pools = new Map<NetworkId, AddressPool[]>();
  /** Nodes that have their own address on a network. */
  readonly #served = new Map<NetworkId, Set<NodeId>>();
  /** Tasks whose node, chosen or not, may still need one. */
  readonly #awaiting = new Map<NetworkId, Map<TaskId, NodeId | undefined>>();
  /** Tasks that were given one by decisions that are not committed yet. */
  readonly #promised = new Map<NetworkId, number>();
  #nodes = 0;

  observe(event: StoreEvent, nowMs: number): void {
    switch (event.type) {
      case "network":
        if (event.after !== undefined) this.see(event.after);
        else if (event.before !== undefined) this.#forget(event.before.id);
        return;
      case "service": {
        const { before, after } = event;
        this.#exchange(before?.endpoint?.vips, after?.endpoint?.vips, nowMs);
        if (before?.endpoint) this.ports.release(before.id, before.endpoint.ports, nowMs);
        if (after?.endpoint) this.ports.hold(after.id, after.endpoint.ports);
        return;
      }
      case "node": {
        const { before, after } = event;
        this.#nodes += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
        this.#exchange(before?.gateways, after?.gateways, nowMs);
        const id = (after ?? before)?.id;
        if (id !== undefined) this.#serve(id, before?.gateways, after?.gateways);
        return;
      }
      case "task": {
        const { before, after } = event;
        this.#exchange(heldBy(before), heldBy(after), nowMs);
        if (before !== undefined && before.addresses === undefined)
          for (const { networkId } of after?.addresses ?? NOTHING) this.#promise(networkId, -1);
        this.#await(living(before), living(after));
        return;
      }
      case "attachment":
        this.#observeAttachment(event.before, event.after, nowMs);
        return;
      case "cluster":
      case "revision":
        return;
    }
  }

  /** What ended before anything was remembered: it rests from now on. */
  rest(task: Task, nowMs: number): void {
    if (!isTerminal(task.status.state)) return;
    for (const { networkId, addresses } of task.addresses ?? NOTHING)
      for (const pool of this.#pools.get(networkId) ?? [])
        for (const address of addresses) pool.restIfFree(address, nowMs);
  }

  /** Others than the one that leads have seen it given back: it rests from then on. */
  restFreed(freed: LatelyFreed, nowMs: number): void {
    for (const { networkId, address, freedMs } of freed.addresses(nowMs))
      for (const pool of this.#pools.get(networkId) ?? []) pool.restIfFree(address, freedMs);
    for (const [key, freedMs] of freed.ports(nowMs)) this.ports.restIfFree(key, freedMs);
  }

  /** A decision came to nothing, and what it took may be known somewhere: it rests. */
  restAllOf(former: Holdings, nowMs: number): void {
    this.ports.restAllOf(former.ports, nowMs);
    for (const [networkId, pools] of this.#pools)
      for (const pool of pools) {
        const known = former.#pools.get(networkId)?.find(({ cidr }) => cidr === pool.cidr);
        if (known !== undefined) pool.restAllOf(known, nowMs);
      }
  }

  /** A network may be decided about before it is committed. */
  see(network: Network): void {
    const pools = this.#pools.get(network.id) ?? [];
    const known = new Set(pools.map(({ cidr }) => cidr));
    const added = network.subnets.filter(({ cidr }) => !known.has(cidr));
    if (added.length === 0 && pools.length > 0) return;
    this.#pools.set(network.id, [...pools, ...added.map((subnet) => new AddressPool(subnet))]);
  }

  /** One address of each family that the network has. */
  take(network: Network, whom: Taker, nowMs: number): Taken {
    this.see(network);
    const pools = this.#pools.get(network.id) ?? [];
    const spare = this.#spare(network.id, whom);
    const chosen: AddressPool[] = [];
    for (const family of new Set(pools.map((pool) => pool.family))) {
      const ofFamily = pools.filter((pool) => pool.family === family);
      const open = ofFamily.filter((pool) => pool.free(nowMs) > spare);
      const [first] = open;
      if (first === undefined)
        return { kind: "full", reason: fullReason(network, ofFamily, nowMs) };
      chosen.push(first);
    }
    if (whom !== "service") this.#promise(network.id, 1);
    return { kind: "taken", addresses: chosen.flatMap((pool) => pool.take(nowMs) ?? []) };
  }

  /**
   * Addresses that a user asked for by name: all of them, or none and why. What is left of the
   * network's families is chosen.
   */
  takeNamed(network: Network, wanted: readonly string[], nowMs: number): Taken {
    this.see(network);
    const pools = this.#pools.get(network.id) ?? [];
    const taken: string[] = [];
    const refuse = (reason: string): Taken => {
      for (const address of taken) pools.some((pool) => pool.putBack(address));
      return { kind: "full", reason };
    };
    for (const address of wanted) {
      const answers = pools.map((pool) => pool.takeNamed(address));
      if (answers.includes("in-use")) return refuse("Address already in use");
      if (!answers.includes("taken"))
        return refuse(
          `Invalid address ${address}: It does not belong to any of this network's subnets`,
        );
      taken.push(address);
    }
    const families = new Set(pools.map(({ family }) => family));
    for (const address of taken)
      for (const pool of pools) if (pool.contains(address)) families.delete(pool.family);
    for (const family of families) {
      const ofFamily = pools.filter((pool) => pool.family === family);
      const chosen = ofFamily.find((pool) => pool.free(nowMs) > 0)?.take(nowMs);
      if (chosen === undefined) return refuse(fullReason(network, ofFamily, nowMs));
      taken.push(chosen);
    }
    this.#promise(network.id, 1);
    return { kind: "taken", addresses: taken };
  }

  /** A task's, that was taken and never given. */
  putBack({ networkId, addresses }: NetworkAddresses): void {
    this.#promise(networkId, -1);
    for (const address of addresses)
      this.#pools.get(networkId)?.some((pool) => pool.putBack(address));
  }

  /** An address of a node's own in each subnet, those that it has already among them. */
  takeGateways(network: Network, present: readonly string[], nowMs: number): readonly string[] {
    this.see(network);
    const pools = this.#pools.get(network.id) ?? [];
    return pools.flatMap((pool) => {
      const own = present.find((address) => pool.contains(address));
      return own ?? pool.take(nowMs) ?? [];
    });
  }

  #spare(networkId: NetworkId, whom: Taker): number {
    const without = this.#nodes - (this.#served.get(networkId)?.size ?? 0);
    const awaiting =
      (this.#awaiting.get(networkId)?.size ?? 0) + (this.#promised.get(networkId) ?? 0);
    return Math.max(0, Math.min(without, awaiting + (whom === "task" ? 1 : 0)));
  }

  #promise(networkId: NetworkId, difference: 1 | -1): void {
    const count = (this.#promised.get(networkId) ?? 0) + difference;
    this.#promised.set(networkId, Math.max(0, count));
  }

  #exchange(
    before: readonly NetworkAddresses[] = NOTHING,
    after: readonly NetworkAddresses[] = NOTHING,
    nowMs: number,
  ): void {
    if (before === after) return;
    const kept = new Set(keysOf(after));
    for (const { networkId, addresses } of before)
      for (const address of addresses)
        if (!kept.has(`${networkId} ${address}`)) this.#release(networkId, address, nowMs);
    for (const { networkId, addresses } of after)
      for (const address of addresses)
        this.#pools.get(networkId)?.some((pool) => pool.hold(address));
  }

  #release(networkId: NetworkId, address: string, nowMs: number): void {
    this.#pools.get(networkId)?.some((pool) => pool.release(address, nowMs));
  }

  #serve(
    nodeId: NodeId,
    before: readonly NetworkAddresses[] = NOTHING,
    after: readonly NetworkAddresses[] = NOTHING,
  ): void {
    for (const { networkId } of before) this.#served.get(networkId)?.delete(nodeId);
    for (const { networkId } of after) {
      const served = this.#served.get(networkId) ?? new Set();
      this.#served.set(networkId, served.add(nodeId));
      const awaiting = this.#awaiting.get(networkId);
      for (const [taskId, onNode] of awaiting ?? [])
        if (onNode === nodeId) awaiting?.delete(taskId);
    }
  }

  #observeAttachment(
    before: Attachment | undefined,
    after: Attachment | undefined,
    nowMs: number,
  ): void {
    this.#exchange(before?.addresses, after?.addresses, nowMs);
    const had = new Set(before?.addresses?.map(({ networkId }) => networkId));
    if (before !== undefined)
      for (const { networkId } of after?.addresses ?? NOTHING)
        if (!had.has(networkId)) this.#promise(networkId, -1);
    this.#await(before, after);
  }

  #await(before: Holder | undefined, after: Holder | undefined): void {
    for (const { networkId } of before?.addresses ?? NOTHING)
      if (before !== undefined) this.#awaiting.get(networkId)?.delete(before.id);
    if (after === undefined) return;
    for (const { networkId } of after.addresses ?? NOTHING) {
      const { nodeId } = after;
      if (nodeId !== undefined && this.#served.get(networkId)?.has(nodeId) === true) continue;
      const awaiting = this.#awaiting.get(networkId) ?? new Map<TaskId, NodeId | undefined>();
      this.#awaiting.set(networkId, awaiting.set(after.id, nodeId));
    }
  }

  #forget(networkId: NetworkId): void {
    this.#pools.delete(networkId);
    this.#served.delete(networkId);
    this.#awaiting.delete(networkId);
    this.#promised.delete(networkId);
  }
}

/** One that has ended holds nothing, and waits for nothing. */
function living(task: Task | undefined): Holder | undefined {
  return task === undefined || isTerminal(task.status.state) ? undefined : task;
}

/** A task holds its addresses until it has ended. */
export function heldBy(task: Task | undefined): readonly NetworkAddresses[] {
  return task === undefined || isTerminal(task.status.state)
    ? NOTHING
    : (task.addresses ?? NOTHING);
}

/** As `network address`. */
export function keysOf(all: readonly NetworkAddresses[]): string[] {
  return all.flatMap(({ networkId, addresses }) =>
    addresses.map((address) => `${networkId} ${address}`),
  );
}

function fullReason(network: Network, pools: readonly AddressPool[], nowMs: number): string {
  const name = networkName(network.spec);
  const size = pools.reduce((sum, pool) => sum + pool.size, 0);
  const resting = pools.reduce((sum, pool) => sum + pool.resting(nowMs), 0);
  const subnets = pools.map(({ cidr }) => cidr).join(" and ");
  const soon = resting === 0 ? "" : ` (${resting} of them were given back within the last minute)`;
  return `network ${name} is full: the ${size} addresses of ${subnets} are in use${soon}; add a subnet to it (skep network update --subnet-add CIDR ${name}) or run fewer tasks on it`;
}
