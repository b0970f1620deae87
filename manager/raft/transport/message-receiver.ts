/**
 * Takes messages from other managers: a caller speaks for itself only, to this member only, and is
 * listened to for as long as it is a member and its certificate is valid.
 */
import {
  FailedPreconditionError,
  MemberRemovedError,
  PermissionDeniedError,
  UnauthenticatedError,
  UnavailableError,
} from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import { type Caller, callingNode } from "../../../shared/rpc/caller.js";
import type { RpcStream } from "../../../shared/rpc/rpc-stream.js";
import type { CertifiedNode } from "../../../shared/rpc/tls-identity.js";
import type { MemberId } from "../core/member-id.js";
import type { PeerListener } from "../peers.js";
import type { Frame, FrameReply, Hello } from "./raft-rpc.js";

export interface AdmissionOptions {
  readonly id: MemberId;
  readonly clock: Clock;
  /** Whether the holder of this certificate is that member. */
  readonly mayActFor: (node: CertifiedNode, member: MemberId) => boolean;
  /** Whether it was a member once, and never will be again. */
  readonly isRemoved: (member: MemberId) => boolean;
}

/** Who may speak to this member, and for how long. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #hello: Hello;
  readonly #node: CertifiedNode;

  /** @throws PermissionDeniedError, FailedPreconditionError, and as `check`. */
  constructor(options: AdmissionOptions, hello: Hello, caller: Caller) {
    this.#options = options;
    this.#hello = hello;
    this.#node = callingNode(caller);
    const { from, to } = hello;
    if (!options.mayActFor(this.#node, from)) {
      throw new PermissionDeniedError(`node ${this.#node.nodeId} may not speak for ${from}`);
    }
    if (to !== options.id) {
      throw new FailedPreconditionError(`this is manager ${options.id}, not ${to}`);
    }
    this.check();
  }

  get from(): MemberId {
    return this.#hello.from;
  }

  /** @throws MemberRemovedError, UnauthenticatedError */
  check(): void {
    const { isRemoved, clock } = this.#options;
    const { nodeId, validUntilMs } = this.#node;
    if (isRemoved(this.from)) {
      throw new MemberRemovedError(`${this.from} is no longer one of the managers`);
    }
    if (clock.wallMs() > validUntilMs) {
      throw new UnauthenticatedError(`the certificate of node ${nodeId} has expired`);
    }
  }
}

export interface MessageReceiverOptions extends AdmissionOptions {
  /** Undefined while nobody listens. */
  readonly listener: () => PeerListener | undefined;
  /** Somebody who may says hello. */
  readonly onHello: (hello: Hello) => void;
}

export async function receiveMessages(
  stream: RpcStream<Frame, FrameReply>,
  caller: Caller,
  options: MessageReceiverOptions,
): Promise<void> {
  let admission: Admission | undefined;
  for await (const frame of stream.messages) {
    const listener = options.listener();
    if (listener === undefined) throw new UnavailableError("this manager is not taking part");
    if (frame.kind === "hello") {
      admission = new Admission(options, frame.hello, caller);
      options.onHello(frame.hello);
      stream.send({ pong: 0 });
      continue;
    }
    if (admission === undefined) throw new PermissionDeniedError("a hello comes first");
    admission.check();
    if (frame.kind === "ping") {
      stream.send({ pong: frame.ping });
      continue;
    }
    const { from } = admission;
    for (const said of frame.messages) listener.received({ ...said, from, to: options.id });
  }
}
