/** The calls about containers that users put on networks (`proto/attachments.proto`). */
import type { AttachedNetwork, Attachment } from "../model/attachment.js";
import type { NetworkId, TaskId } from "../model/ids.js";
import { messageType } from "./protos.js";
import { ANY_NODE, type Codec, type UnaryMethod } from "./rpc-method.js";

export interface WantedNetwork extends Pick<AttachedNetwork, "aliases" | "wanted"> {
  /** As its user calls it: an id or a name. */
  readonly target: string;
}

export interface AttachRequest {
  readonly id: TaskId;
  readonly containerName: string;
  readonly networks: readonly WantedNetwork[];
}

export interface GivenNetwork {
  readonly networkId: NetworkId;
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface AttachResponse {
  /** All that the container is on. */
  readonly networks: readonly GivenNetwork[];
}

export type ObserveRequest = Pick<Attachment, "id" | "containerName" | "containerId" | "state">;

export interface DetachRequest {
  readonly id: TaskId;
  /** None: all of them. */
  readonly networkIds: readonly NetworkId[];
}

type Nothing = Record<string, never>;

const PACKAGE = "skep.attachments.v1";
const SERVICE = `/${PACKAGE}.Attachments`;

/**
 * A container is to be on these networks, too; answered once it has its addresses.
 * @throws NotFoundError, PermissionDeniedError, FailedPreconditionError no such network, none to
 *   be attached to, no address left
 */
export const ATTACH: UnaryMethod<AttachRequest, AttachResponse> = {
  kind: "unary",
  path: `${SERVICE}/Attach`,
  callers: ANY_NODE,
  request: attachRequestCodec(),
  response: attachResponseCodec(),
};

/** @throws NotFoundError nothing is known of it */
export const OBSERVE: UnaryMethod<ObserveRequest, Nothing> = {
  kind: "unary",
  path: `${SERVICE}/Observe`,
  callers: ANY_NODE,
  request: observeRequestCodec(),
  response: messageType(`${PACKAGE}.ObserveResponse`),
};

export const DETACH: UnaryMethod<DetachRequest, Nothing> = {
  kind: "unary",
  path: `${SERVICE}/Detach`,
  callers: ANY_NODE,
  request: detachRequestCodec(),
  response: messageType(`${PACKAGE}.DetachResponse`),
};

function attachRequestCodec(): Codec<AttachRequest> {
  const wireType = messageType<AttachRequest>(`${PACKAGE}.AttachRequest`);
  return {
    encode: (request) => wireType.encode(request),
    decode(bytes) {
      const { id, containerName, networks } = wireType.decode(bytes);
      return {
        id,
        containerName,
        networks: networks.map(({ target, aliases, wanted }) => ({
          target,
          aliases: [...aliases],
          wanted: [...wanted],
        })),
      };
    },
  };
}

function attachResponseCodec(): Codec<AttachResponse> {
  const wireType = messageType<AttachResponse>(`${PACKAGE}.AttachResponse`);
  return {
    encode: (response) => wireType.encode(response),
    decode: (bytes) => ({
      networks: wireType.decode(bytes).networks.map(({ networkId, name, addresses }) => ({
        networkId,
        name,
        addresses: [...addresses],
      })),
    }),
  };
}

function observeRequestCodec(): Codec<ObserveRequest> {
  const wireType = messageType<Omit<ObserveRequest, "state"> & { serving: boolean }>(
    `${PACKAGE}.ObserveRequest`,
  );
  return {
    encode: ({ state, ...rest }) => wireType.encode({ ...rest, serving: state === "serving" }),
    decode(bytes) {
      const { id, containerName, containerId, serving } = wireType.decode(bytes);
      return { id, containerName, containerId, state: serving ? "serving" : "silent" };
    },
  };
}

function detachRequestCodec(): Codec<DetachRequest> {
  const wireType = messageType<DetachRequest>(`${PACKAGE}.DetachRequest`);
  return {
    encode: (request) => wireType.encode(request),
    decode(bytes) {
      const { id, networkIds } = wireType.decode(bytes);
      return { id, networkIds: [...networkIds] };
    },
  };
}
