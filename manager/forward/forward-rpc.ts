/** What followers pass on to the leader (`proto/forward.proto`). */
import { InvalidArgumentError } from "../../shared/errors/cluster-error.js";
import type { ClusterId, NodeId } from "../../shared/model/ids.js";
import { NODE_ROLES } from "../../shared/model/node.js";
import type { Caller } from "../../shared/rpc/caller.js";
import { messageType } from "../../shared/rpc/protos.js";
import type { Codec, UnaryMethod } from "../../shared/rpc/rpc-method.js";
import type { CertifiedNode } from "../../shared/rpc/tls-identity.js";
import { isSet } from "../../shared/rpc/wire/fields.js";

/** A request of the public API, as the routes see it. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query, without the API's version. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface ForwardedCall {
  readonly path: string;
  readonly request: Uint8Array;
  readonly caller: Caller;
}

const SERVICE = "/skep.forward.v1.Forward";

export const REQUEST: UnaryMethod<HttpRequest, HttpAnswer> = {
  kind: "unary",
  path: `${SERVICE}/Request`,
  callers: ["manager"],
  request: messageType("skep.forward.v1.HttpRequest"),
  response: messageType("skep.forward.v1.HttpAnswer"),
};

export const CALL: UnaryMethod<ForwardedCall, { readonly response: Uint8Array }> = {
  kind: "unary",
  path: `${SERVICE}/Call`,
  callers: ["manager"],
  request: forwardedCallCodec(),
  response: messageType("skep.forward.v1.ForwardedAnswer"),
};

interface WireCertifiedNode {
  nodeId: string;
  role: string;
  clusterId: string;
  validFromMs: number;
  validUntilMs: number;
}

interface WireForwardedCall {
  path: string;
  request: Uint8Array;
  callerAddress: string;
  caller?: WireCertifiedNode | null;
}

function forwardedCallCodec(): Codec<ForwardedCall> {
  const wireType = messageType<WireForwardedCall>("skep.forward.v1.ForwardedCall");
  return {
    encode({ path, request, caller: { address, node } }) {
      return wireType.encode({
        path,
        request,
        callerAddress: address,
        ...(node && { caller: node }),
      });
    },
    decode(bytes) {
      const { path, request, callerAddress, caller } = wireType.decode(bytes);
      const node = isSet(caller) ? certifiedNodeFromWire(caller) : undefined;
      return { path, request, caller: { address: callerAddress, ...(node && { node }) } };
    },
  };
}

function certifiedNodeFromWire(wire: WireCertifiedNode): CertifiedNode {
  const role = NODE_ROLES.find((known) => known === wire.role);
  if (role === undefined) throw new InvalidArgumentError(`${wire.role} is no role of a node`);
  return { ...wire, nodeId: wire.nodeId as NodeId, clusterId: wire.clusterId as ClusterId, role };
}
