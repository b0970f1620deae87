/**
 * What a remote call is: its path, who may make it and how its messages become bytes. Client and
 * server both work from the same declaration, so that neither can forget the caller's role.
 */
import type { NodeRole } from "../model/node.js";

export interface Codec<T> {
  encode(message: T): Uint8Array;
  /** @throws on bytes that are no such message; the call then fails. */
  decode(bytes: Uint8Array): T;
}

/**
 * `anyone`: also a host that has no certificate yet; otherwise the roles
 * whose certificates will do.
 */
export type AllowedCallers = "anyone" | readonly NodeRole[];

export const ANY_NODE: AllowedCallers = ["worker", "manager"];

interface MethodDeclaration<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly callers: AllowedCallers;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

/** One request, one answer. */
export interface UnaryMethod<Request, Response> extends MethodDeclaration<Request, Response> {
  readonly kind: "unary";
}

/** A conversation: messages both ways until either side ends it. */
export interface StreamMethod<Up, Down> extends MethodDeclaration<Up, Down> {
  readonly kind: "stream";
}

export type RpcMethod = Pick<UnaryMethod<never, never>, "path" | "callers">;

/** The same bytes as gRPC wants them. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
