/** Random changes of networks and of what is given on them, from the same small pools. */
import fc from "fast-check";

import type { Change } from "../../manager/store/core/change.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { NetworkAddresses } from "../../shared/model/network.js";
import { idOf, sampleAttachment, sampleNetwork } from "./samples.js";

const networkName = fc.constantFrom("w1", "w2", "w3");
const networkId = networkName.map((name) => idOf<NetworkId>(name));

const addresses: fc.Arbitrary<readonly NetworkAddresses[]> = fc.array(
  fc.record({
    networkId,
    addresses: fc.array(fc.constantFrom("10.240.0.2", "10.240.0.3", "fd00::2"), { maxLength: 2 }),
  }),
  { maxLength: 2 },
);

const createNetwork = fc
  .tuple(networkName, networkName, fc.constantFrom(4_096, 4_097, 4_098), fc.boolean())
  .map(([id, Name, vni, Ingress]): Change => ({
    kind: "create-network",
    network: sampleNetwork(id, { vni, spec: { Name, Ingress, Attachable: id !== "w3" } }),
  }));

const updateNetwork = fc
  .tuple(
    networkName,
    fc.option(fc.nat(20), { nil: undefined }),
    fc.constantFrom("10.240.0.0/24", "10.240.1.0/24"),
  )
  .map(([name, version, added]): Change => ({
    kind: "update-network",
    networkId: idOf<NetworkId>(name),
    ...(version !== undefined && { expectedVersion: version }),
    spec: { Name: name, Driver: "overlay" },
    subnets: [{ cidr: "10.240.0.0/24" }, { cidr: added, gateway: "10.240.1.1" }],
  }));

const allocateService = fc
  .tuple(
    fc.constantFrom("s1", "s2", "s3"),
    fc.option(fc.tuple(addresses, fc.option(fc.string(), { nil: undefined })), { nil: undefined }),
  )
  .map(([name, given]): Change => ({
    kind: "allocate-service",
    serviceId: idOf<ServiceId>(name),
    ...(given !== undefined && {
      endpoint: {
        ports: [{ PublishedPort: 80 }],
        vips: given[0],
        ...(given[1] !== undefined && { error: given[1] }),
      },
    }),
  }));

const allocateNode = fc
  .tuple(fc.constantFrom("n1", "n2", "n3"), addresses)
  .map(([name, gateways]): Change => ({
    kind: "allocate-node",
    nodeId: idOf<NodeId>(name),
    gateways,
  }));

const allocateTask = fc
  .tuple(fc.constantFrom("t1", "t2", "t3"), addresses, fc.string())
  .map(([name, given, message]): Change => ({
    kind: "allocate-task",
    taskId: idOf<TaskId>(name),
    addresses: given,
    message,
  }));

const attachmentName = fc.constantFrom("t1", "t2");

const putAttachment = fc
  .tuple(attachmentName, fc.constantFrom("n1", "n2"), fc.subarray(["w1", "w2", "w3"]), fc.boolean())
  .map(([name, node, networks, isServing]): Change => ({
    kind: "put-attachment",
    attachment: sampleAttachment(name, {
      nodeId: idOf<NodeId>(node),
      state: isServing ? "serving" : "silent",
      networks: networks.map((one) => ({
        networkId: idOf<NetworkId>(one),
        aliases: [one],
        wanted: [],
      })),
    }),
  }));

const allocateAttachment = fc
  .tuple(attachmentName, addresses, fc.option(fc.string({ minLength: 1 }), { nil: undefined }))
  .map(([name, given, error]): Change => ({
    kind: "allocate-attachment",
    attachmentId: idOf<TaskId>(name),
    addresses: given,
    ...(error !== undefined && { error }),
  }));

const removeAttachment = attachmentName.map((name): Change => ({
  kind: "remove-attachment",
  attachmentId: idOf<TaskId>(name),
}));

export const networkChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: createNetwork },
  { weight: 1, arbitrary: updateNetwork },
  { weight: 1, arbitrary: allocateService },
  { weight: 1, arbitrary: allocateNode },
  { weight: 3, arbitrary: allocateTask },
  {
    weight: 1,
    arbitrary: networkId.map((id): Change => ({ kind: "remove-network", networkId: id })),
  },
  { weight: 3, arbitrary: putAttachment },
  { weight: 2, arbitrary: allocateAttachment },
  { weight: 1, arbitrary: removeAttachment },
);
