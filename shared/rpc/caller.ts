/** Who calls: taken from the connection's verified certificate, never from what a message says. */
import type { PeerCertificate } from "node:tls";

import { PermissionDeniedError, UnauthenticatedError } from "../errors/cluster-error.js";
import type { ClusterId } from "../model/ids.js";
import type { RpcMethod } from "./rpc-method.js";
import { type CertifiedNode, certifiedNode } from "./tls-identity.js";

export interface Caller {
  /** The address that the connection came from, without a port. */
  readonly address: string;
  /** Absent where the caller has no valid certificate of this cluster. */
  readonly node?: CertifiedNode;
}

/**
 * What a certificate that led to the trusted root says of its holder, checked for cluster and time
 * once more: a connection may outlive its certificate.
 * @throws UnauthenticatedError it is of another cluster, of no node, or its time is not now.
 */
export function nodeOfPeer(
  certificate: PeerCertificate,
  expected: { readonly clusterId: ClusterId; readonly nowWallMs: number },
): CertifiedNode {
  const node = certifiedPeer(certificate);
  if (node.clusterId !== expected.clusterId) {
    throw new UnauthenticatedError(
      `the certificate is one of cluster ${node.clusterId}, this is cluster ${expected.clusterId}`,
    );
  }
  if (expected.nowWallMs > node.validUntilMs || expected.nowWallMs < node.validFromMs) {
    throw new UnauthenticatedError(
      `the certificate of node ${node.nodeId} is valid from ${certificate.valid_from} to ${certificate.valid_to}, which is not now`,
    );
  }
  return node;
}

/** @throws UnauthenticatedError the certificate is not one of a node. */
export function certifiedPeer(certificate: PeerCertificate): CertifiedNode {
  const { subject, valid_from: validFrom, valid_to: validTo } = certificate;
  return certifiedNode({
    commonName: single(subject.CN),
    organizationalUnit: single(subject.OU),
    organization: single(subject.O),
    validFrom,
    validTo,
  });
}

/** Lets the call through, or says why not. @throws UnauthenticatedError, PermissionDeniedError */
export function checkAllowed(method: RpcMethod, caller: Caller): void {
  if (method.callers === "anyone") return;
  const { role, nodeId } = callingNode(caller);
  if (method.callers.includes(role)) return;
  throw new PermissionDeniedError(
    `${method.path} is for a ${method.callers.join(" or ")}; node ${nodeId} is a ${role}`,
  );
}

/** @throws UnauthenticatedError the caller showed no certificate. */
export function callingNode(caller: Caller): CertifiedNode {
  if (caller.node === undefined) {
    throw new UnauthenticatedError(
      `this call needs a valid certificate of this cluster; ${caller.address} showed none`,
    );
  }
  return caller.node;
}

/** `1.2.3.4:5` and `::ffff:1.2.3.4:5` are 1.2.3.4; `fe80::1:5` is fe80::1. */
export function addressOfPeer(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(":"));
  return address.startsWith("::ffff:") && address.includes(".")
    ? address.slice("::ffff:".length)
    : address;
}

/** Node gives a list where a subject names an attribute twice; such a one names nobody. */
function single(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
