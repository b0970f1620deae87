import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { NodeNetworks } from "../../../shared/model/node-networks.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import { calm, newWorld, type Step } from "../../../test/allocation-steps.js";
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { NodeNetworksIndex } from "./node-networks.js";

const steps = fc.array(calm, { minLength: 20, maxLength: 120 });

/** Follows the world's events and settles after each step. */
function follow(all: readonly Step[], check: (view: StoreView, index: NodeNetworksIndex) => void) {
  const events: StoreEvent[] = [];
  const world = newWorld((event) => void events.push(event));
  const index = new NodeNetworksIndex(world.view);
  for (const step of all) {
    step(world);
    const before = toldToAll(world.view, index);
    for (const event of events.splice(0)) index.observe(event, world.view);
    const changed = index.settle(world.view);
    for (const [nodeId, told] of toldToAll(world.view, index)) {
      // Who did not change need not be told: it holds the very same object.
      if (!changed.has(nodeId)) expect(told).toBe(before.get(nodeId));
      else expect(told).not.toEqual(before.get(nodeId));
    }
    check(world.view, index);
  }
}

function toldToAll(view: StoreView, index: NodeNetworksIndex) {
  return new Map(view.nodes().map(({ id }) => [id, index.of(id)]));
}

describe("what nodes are told of the networks, whatever happens", () => {
  test("is what somebody would tell them who looks at the store for the first time", () => {
    fc.assert(
      fc.property(steps, (all) => {
        follow(all, (view, index) => {
          const fresh = new NodeNetworksIndex(view);
          for (const { id } of view.nodes()) expect(index.of(id)).toEqual(fresh.of(id));
        });
      }),
      { numRuns: 100 },
    );
  });

  test("is of networks that the node serves, and leads to serving tasks alone", () => {
    fc.assert(
      fc.property(steps, (all) => {
        follow(all, (view, index) => {
          for (const { id, gateways = [] } of view.nodes()) {
            const told = index.of(id);
            if (told === undefined) continue;
            const served = gateways.map(({ networkId }) => networkId as string);
            for (const { networkId } of told.networks) expect(served).toContain(networkId);
            for (const address of backendsOf(told)) expect(isServedBy(view, address)).toBe(true);
          }
        });
      }),
      { numRuns: 100 },
    );
  });
});

function backendsOf({ networks, ports }: NodeNetworks): string[] {
  return [
    ...networks.flatMap(({ services }) => services.flatMap(({ backends }) => backends)),
    ...ports.flatMap(({ backends }) => backends.map(({ address }) => address)),
  ];
}

function isServedBy(view: StoreView, address: string): boolean {
  return view
    .tasks()
    .some(
      ({ addresses = [], desired, nodeId, status }) =>
        addresses.some((one) => one.addresses.includes(address)) &&
        !isTerminal(status.state) &&
        status.state === "running" &&
        (desired === "running" || desired === "complete") &&
        nodeId !== undefined &&
        view.node(nodeId)?.status.state !== "down",
    );
}
