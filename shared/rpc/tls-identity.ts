/**
 * Who a host is in TLS: its certificate, its key and the root that it trusts. They are renewed
 * while connections stand, so whoever needs them holds the source and reads the present ones.
 */
import { X509Certificate } from "node:crypto";

import { UnauthenticatedError } from "../errors/cluster-error.js";
import type { ClusterId, NodeId } from "../model/ids.js";
import { NODE_ROLES, type NodeRole } from "../model/node.js";

export interface TlsIdentity {
  /** The node's certificate, then what leads from it to the root. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly rootPem: string;
}

export interface IdentitySource {
  readonly current: TlsIdentity;
  /** Calls `listener` after every renewal, until the returned function is called. */
  onRenewed(listener: () => void): () => void;
}

/** What a certificate says of its holder. */
export interface CertifiedNode {
  readonly nodeId: NodeId;
  readonly role: NodeRole;
  readonly clusterId: ClusterId;
  /** Wall clock (ms). */
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/**
 * The parts of a certificate that Node's TLS and `X509Certificate` both give, in their own ways.
 */
interface CertificateFields {
  readonly commonName: string | undefined;
  readonly organizationalUnit: string | undefined;
  readonly organization: string | undefined;
  readonly validFrom: string;
  readonly validTo: string;
}

/** An identity that does not change: in tests and tools. */
export function fixedIdentity(current: TlsIdentity): IdentitySource {
  return { current, onRenewed: () => () => undefined };
}

/**
 * Reads a node's certificate: common name is the node's id, organisational unit its role,
 * organisation its cluster.
 * @throws UnauthenticatedError the certificate is not one of a node.
 */
export function readNodeCertificate(pem: string): CertifiedNode {
  return certifiedNode(fieldsOf(new X509Certificate(pem)));
}

/** The cluster that a root certificate is of. @throws UnauthenticatedError it names none. */
export function clusterOfRoot(rootPem: string): ClusterId {
  const { organization } = fieldsOf(new X509Certificate(rootPem));
  if (organization === undefined) {
    throw new UnauthenticatedError("the root certificate names no cluster");
  }
  return organization as ClusterId;
}

/** @throws UnauthenticatedError the certificate is not one of a node. */
export function certifiedNode(fields: CertificateFields): CertifiedNode {
  const role = NODE_ROLES.find((known) => known === fields.organizationalUnit);
  if (fields.commonName === undefined || fields.organization === undefined || role === undefined) {
    throw new UnauthenticatedError(
      `the certificate is not one of a node (CN ${fields.commonName ?? "-"}, OU ${fields.organizationalUnit ?? "-"}, O ${fields.organization ?? "-"})`,
    );
  }
  return {
    nodeId: fields.commonName as NodeId,
    role,
    clusterId: fields.organization as ClusterId,
    validFromMs: Date.parse(fields.validFrom),
    validUntilMs: Date.parse(fields.validTo),
  };
}

/** OpenSSL's multi-line subject, `CN=…\nOU=…\nO=…`; a value given twice names nothing. */
function fieldsOf(certificate: X509Certificate): CertificateFields {
  const values = new Map<string, string | undefined>();
  for (const line of certificate.subject.split("\n")) {
    const [key = "", value] = line.split("=", 2);
    values.set(key, values.has(key) ? undefined : value);
  }
  return {
    commonName: values.get("CN"),
    organizationalUnit: values.get("OU"),
    organization: values.get("O"),
    validFrom: certificate.validFrom,
    validTo: certificate.validTo,
  };
}
