/**
 * A store whose allocations are decided at once, on a clock that the test moves: enough of a
 * cluster to see who holds what.
 */
import { expect } from "vitest";

import { REST_MS } from "../manager/allocator/core/address-pool.js";
import type { Allocation } from "../manager/allocator/core/allocate.js";
import { decideAllocation } from "../manager/allocator/core/decide.js";
import { LatelyFreed } from "../manager/allocator/core/lately-freed.js";
import { PendingAllocations } from "../manager/allocator/core/pending-allocations.js";
import { type Applied, applyCommand } from "../manager/store/core/apply.js";
import type { Change, StoreEvent } from "../manager/store/core/change.js";
import { emptyReplica } from "../manager/store/core/replica.js";
import { offsetIn, rangeOf } from "../shared/model/ip-address.js";
import type { NetworkAddresses } from "../shared/model/network.js";
import { isTerminal } from "../shared/model/task-state.js";
import { commandOf } from "./store/samples.js";

export class AllocationWorld {
  readonly #replica = emptyReplica();
  #pending: PendingAllocations;
  #freed = new LatelyFreed();
  #nowMs = 0;
  /** When an address or a port was last held, by its name; while it is held, now. */
  readonly #lastHeldMs = new Map<string, number>();
  #heldBefore = new Set<string>();

  readonly #observe: (event: StoreEvent) => void;

  /** @param observe hears of each change once it is applied */
  constructor(observe: (event: StoreEvent) => void = () => undefined) {
    this.#observe = observe;
    this.#pending = new PendingAllocations(this.view, this.#nowMs);
  }

  get view() {
    return this.#replica.tables;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** A user or a host does something; changes that do not fit are left out. */
  apply(change: Change): Applied {
    const applied = applyCommand(this.#replica, commandOf([change], { atMs: this.#nowMs }));
    if (applied.kind === "applied") {
      this.#pending.observe(applied.events, this.#nowMs);
      this.#freed.observe(applied.events, this.#nowMs);
      for (const event of applied.events) this.#observe(event);
    }
    this.#remember();
    return applied;
  }

  /** Another manager leads, that has followed all along. */
  changeLeader(): void {
    this.#pending = new PendingAllocations(this.view, this.#nowMs, { freed: this.#freed });
  }

  /**
   * A manager that has just been started leads: it knows what the store says and nothing else, so not
   * what was given back and removed just before.
   */
  restartAll(): void {
    this.#lastHeldMs.clear();
    this.#freed = new LatelyFreed();
    this.changeLeader();
  }

  /** All that can be given is given. */
  settle(): void {
    this.#pending.tryAgain();
    while (this.#pending.hasWork) {
      for (const key of this.#pending.take(10)) {
        const allocation: Allocation = {
          view: this.view,
          holdings: this.#pending.holdings,
          nowMs: this.#nowMs,
          atMs: this.#nowMs,
        };
        const decision = decideAllocation(allocation, key);
        if (decision.outcome === "wanting") this.#pending.want(key);
        if (decision.change !== undefined) expect(this.apply(decision.change).kind).toBe("applied");
      }
    }
  }

  /** DESIGN section 5, point 7. @throws where something has two owners */
  check(): void {
    const held = this.#held();
    expect(new Set(held).size).toBe(held.length);
    for (const node of this.view.nodes()) for (const one of node.gateways ?? []) this.#checkOn(one);
    for (const task of this.view.tasks())
      for (const one of task.addresses ?? []) this.#checkOn(one);
    for (const { addresses = [] } of this.view.attachments())
      for (const one of addresses) this.#checkOn(one);
  }

  /** What is held now and was not before had rested for a minute, if anybody ever had it. */
  checkRests(): void {
    const held = new Set(this.#held());
    for (const name of held) {
      const lastMs = this.#lastHeldMs.get(name);
      if (lastMs === undefined || this.#heldBefore.has(name) || this.#isNamed(name)) continue;
      expect(this.#nowMs - lastMs, name).toBeGreaterThanOrEqual(REST_MS);
    }
  }

  /** A port that a user asks for by number is given at once; an address that is asked for, too. */
  #isNamed(name: string): boolean {
    const isWanted = this.view
      .attachments()
      .flatMap(({ networks }) => networks)
      .some(({ networkId, wanted }) => wanted.some((one) => `${networkId} ${one}` === name));
    if (isWanted) return true;
    return this.view
      .services()
      .flatMap(({ frame }) => frame.EndpointSpec?.Ports ?? [])
      .some((port) => `${port.PublishedPort ?? 0}/${port.Protocol ?? "tcp"}` === name);
  }

  #remember(): void {
    this.checkRests();
    this.#heldBefore = new Set(this.#held());
    for (const name of this.#heldBefore) this.#lastHeldMs.set(name, this.#nowMs);
  }

  #held(): string[] {
    const { view } = this;
    const names = (all: readonly NetworkAddresses[] = []): string[] =>
      all.flatMap(({ networkId, addresses }) => addresses.map((a) => `${networkId} ${a}`));
    return [
      ...view
        .tasks()
        .flatMap((task) => (isTerminal(task.status.state) ? [] : names(task.addresses))),
      ...view.attachments().flatMap(({ addresses }) => names(addresses)),
      ...view.nodes().flatMap((node) => names(node.gateways)),
      ...view.services().flatMap((service) => names(service.endpoint?.vips)),
      ...view
        .services()
        .flatMap(({ endpoint }) => endpoint?.ports ?? [])
        .filter((port) => port.PublishMode !== "host")
        .map((port) => `${port.PublishedPort ?? 0}/${port.Protocol ?? "tcp"}`),
    ];
  }

  #checkOn({ networkId, addresses }: NetworkAddresses): void {
    const subnets = this.view.network(networkId)?.subnets;
    if (subnets === undefined) return; // ended tasks outlive their networks
    for (const address of addresses) {
      const home = subnets.find(({ cidr }) => offsetIn(rangeOf(cidr), address) !== undefined);
      expect(home, `${address} on ${networkId}`).toBeDefined();
      expect(address).not.toBe(home?.gateway);
    }
  }
}
