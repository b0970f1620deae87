/**
 * The conversation with the certificate authority (`proto/ca.proto`): its calls, who may
 * make them, its messages.
 */
import { InvalidArgumentError } from "../errors/cluster-error.js";
import type { NodeId } from "../model/ids.js";
import { AVAILABILITIES, type Availability, NODE_ROLES, type NodeRole } from "../model/node.js";
import { messageType } from "./protos.js";
import type { Codec, UnaryMethod } from "./rpc-method.js";
import { isSet } from "./wire/fields.js";

export interface GetRootResponse {
  readonly certificatePem: string;
}

export interface IssueRequest {
  readonly csrPem: string;
  /** Absent in a renewal. */
  readonly token?: string;
  /** Only read for a new node. */
  readonly availability?: Availability;
}

export interface IssueResponse {
  readonly nodeId: NodeId;
  readonly role: NodeRole;
  /** The node's certificate, then the root's. */
  readonly certificatePem: string;
}

const SERVICE = "/skep.ca.v1.CertificateAuthority";

/** The root, to be checked against the digest in the join token before it is trusted. */
export const GET_ROOT: UnaryMethod<Record<string, never>, GetRootResponse> = {
  kind: "unary",
  path: `${SERVICE}/GetRoot`,
  callers: "anyone",
  request: messageType("skep.ca.v1.GetRootRequest"),
  response: messageType("skep.ca.v1.GetRootResponse"),
};

/**
 * A new node shows its token here, an old one its present certificate; the issuer looks at both.
 */
export const ISSUE: UnaryMethod<IssueRequest, IssueResponse> = {
  kind: "unary",
  path: `${SERVICE}/Issue`,
  callers: "anyone",
  request: issueRequestCodec(),
  response: issueResponseCodec(),
};

interface WireIssueRequest {
  csrPem: string;
  token?: string | null;
  availability?: string | null;
}

function issueRequestCodec(): Codec<IssueRequest> {
  const wireType = messageType<WireIssueRequest>("skep.ca.v1.IssueRequest");
  return {
    encode: (request) => wireType.encode(request),
    decode(bytes) {
      const { csrPem, token, availability } = wireType.decode(bytes);
      return {
        csrPem,
        ...(isSet(token) ? { token } : {}),
        ...(isSet(availability) ? { availability: oneOf(AVAILABILITIES, availability) } : {}),
      };
    },
  };
}

function issueResponseCodec(): Codec<IssueResponse> {
  const wireType = messageType<{ nodeId: string; role: string; certificatePem: string }>(
    "skep.ca.v1.IssueResponse",
  );
  return {
    encode: (response) => wireType.encode(response),
    decode(bytes) {
      const { nodeId, role, certificatePem } = wireType.decode(bytes);
      return { nodeId: nodeId as NodeId, role: oneOf(NODE_ROLES, role), certificatePem };
    },
  };
}

function oneOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) {
    throw new InvalidArgumentError(`${JSON.stringify(text)} is none of ${words.join(", ")}`);
  }
  return word;
}
