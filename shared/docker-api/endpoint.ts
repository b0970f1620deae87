/**
 * How a service is reached: by one address or by those of its tasks, and on which published ports.
 */
import { type Static, Type } from "@sinclair/typebox";

import { choice, reply, struct, Text, Uint32 } from "./schema.js";

export const EndpointPortConfig = struct({
  Name: Text,
  Protocol: choice("tcp", "udp", "sctp"),
  TargetPort: Uint32,
  /** 0 means that the cluster chooses one. */
  PublishedPort: Uint32,
  PublishMode: choice("ingress", "host"),
});
export type EndpointPortConfig = Static<typeof EndpointPortConfig>;

export const EndpointSpec = struct({
  Mode: choice("vip", "dnsrr"),
  Ports: Type.Array(EndpointPortConfig),
});
export type EndpointSpec = Static<typeof EndpointSpec>;

export const EndpointVirtualIP = struct({
  NetworkID: Text,
  /** With the length of its network's prefix. */
  Addr: Text,
});
export type EndpointVirtualIP = Static<typeof EndpointVirtualIP>;

/** What came of the wish: ports chosen, addresses given. */
export const Endpoint = reply(
  { Spec: EndpointSpec },
  { Ports: Type.Array(EndpointPortConfig), VirtualIPs: Type.Array(EndpointVirtualIP) },
);
export type Endpoint = Static<typeof Endpoint>;
