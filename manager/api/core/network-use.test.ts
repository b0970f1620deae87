import { expect, test } from "vitest";

import type { NetworkId } from "../../../shared/model/ids.js";
import type { Network, NetworkAddresses } from "../../../shared/model/network.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../../test/samples/objects.js";
import { createMemoryStore } from "../../store/memory-store.js";
import { showUse } from "./network-use.js";

const NETWORK: Network = {
  id: "net" as NetworkId,
  version: 0,
  createdAtMs: 0,
  updatedAtMs: 0,
  spec: { Name: "front", Driver: "overlay" },
  vni: 4097,
  subnets: [{ cidr: "10.240.1.0/24" }],
};

function at(address: string, networkId = NETWORK.id): NetworkAddresses[] {
  return [{ networkId, addresses: [address] }];
}

test("a network's hosts, services and the tasks that have an address on it", async () => {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const { service, revision } = sampleService({ id: "web", name: "web" });
  const other = sampleService({ id: "db", name: "db" });
  const tasks = [
    { ...sampleTask({ service: "web", node: "host1" }), addresses: at("10.240.1.7") },
    {
      ...sampleTask({ service: "web", slot: 2, node: "host1", state: "failed" }),
      addresses: at("10.240.1.8"),
    },
    {
      ...sampleTask({ service: "db", slot: 3, node: "host2" }),
      addresses: at("10.240.2.7", "else" as NetworkId),
    },
  ];
  await store.update((tx) => {
    tx.apply({ kind: "create-network", network: NETWORK });
    for (const id of ["host1", "host2"])
      tx.apply({ kind: "create-node", node: sampleNode({ id }) });
    const endpoint = { ports: [], vips: at("10.240.1.2") };
    tx.apply({ kind: "create-service", service: { ...service, endpoint }, revision });
    tx.apply({ kind: "create-service", ...other });
    for (const task of tasks) tx.apply({ kind: "create-task", task });
    const gateways = at("10.240.1.3");
    tx.apply({ kind: "allocate-node", nodeId: sampleNode({ id: "host1" }).id, gateways });
  });
  expect(showUse(store.committed, NETWORK)).toEqual({
    Peers: [{ Name: "host1", IP: "10.0.0.1" }],
    Services: {
      web: {
        VIP: "10.240.1.2",
        Ports: [],
        LocalLBIndex: 0,
        Tasks: [
          {
            Name: "web.1.task1",
            EndpointID: "task1",
            EndpointIP: "10.240.1.7",
            Info: { Host: "host1", State: "running" },
          },
        ],
      },
    },
  });
});
