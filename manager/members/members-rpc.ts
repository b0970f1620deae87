/** The calls by which a host begins and ends to manage (`proto/members.proto`). */
import { messageType } from "../../shared/rpc/protos.js";
import type { Codec, UnaryMethod } from "../../shared/rpc/rpc-method.js";
import type { MemberId } from "../raft/core/member-id.js";

export interface EnlistRequest {
  /** Absent where the host begins to manage: then it gets a member, and any that it had is gone. */
  readonly memberId?: MemberId;
  /** Where other managers find it, without a port; empty: where the call comes from. */
  readonly host: string;
  readonly port: number;
}

export interface KnownMember {
  readonly memberId: MemberId;
  /** `host:port` */
  readonly address: string;
}

export interface EnlistResponse {
  readonly self: KnownMember;
  /** Those to begin with; the log tells the rest. */
  readonly others: readonly KnownMember[];
}

const SERVICE = "/skep.members.v1.Members";

/** A host that manages from now on, or is to be found elsewhere from now on. */
export const ENLIST: UnaryMethod<EnlistRequest, EnlistResponse> = {
  kind: "unary",
  path: `${SERVICE}/Enlist`,
  callers: ["manager"],
  request: enlistRequestCodec(),
  response: enlistResponseCodec(),
};

/** A manager that is to leave for good is a worker from now on. */
export const RESIGN: UnaryMethod<Record<string, never>, Record<string, never>> = {
  kind: "unary",
  path: `${SERVICE}/Resign`,
  callers: ["manager"],
  request: messageType("skep.members.v1.ResignRequest"),
  response: messageType("skep.members.v1.ResignResponse"),
};

function enlistRequestCodec(): Codec<EnlistRequest> {
  const wireType = messageType<{ memberId: string; host: string; port: number }>(
    "skep.members.v1.EnlistRequest",
  );
  return {
    encode: ({ memberId = "" as MemberId, host, port }) =>
      wireType.encode({ memberId, host, port }),
    decode(bytes) {
      const { memberId, host, port } = wireType.decode(bytes);
      return { host, port, ...(memberId !== "" && { memberId: memberId as MemberId }) };
    },
  };
}

interface WireMember {
  memberId: string;
  address: string;
}

function enlistResponseCodec(): Codec<EnlistResponse> {
  const wireType = messageType<{ self: WireMember; others: readonly WireMember[] }>(
    "skep.members.v1.EnlistResponse",
  );
  const known = ({ memberId, address }: WireMember): KnownMember => ({
    memberId: memberId as MemberId,
    address,
  });
  return {
    encode: ({ self, others }) => wireType.encode({ self, others }),
    decode(bytes) {
      const { self, others } = wireType.decode(bytes);
      return { self: known(self), others: others.map(known) };
    },
  };
}
