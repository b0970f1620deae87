/**
 * The server's side of gRPC on one port: mutual TLS, and one interceptor that knows from each
 * method's declaration who may call it. Handlers are given the caller as its certificate names it
 * and throw `ClusterError`s.
 */
import {
  logVerbosity,
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerUnaryCall,
  setLogVerbosity,
} from "@grpc/grpc-js";

import { assert } from "../errors/assert.js";
import { ClusterError, UnavailableError } from "../errors/cluster-error.js";
import type { ClusterId } from "../model/ids.js";
import type { Clock } from "../ports/clock.js";
import type { Logger } from "../ports/logger.js";
import { addressOfPeer, type Caller, checkAllowed, nodeOfPeer } from "./caller.js";
import { MESSAGE_LIMIT_BYTES } from "./channel.js";
import { MemberServerCredentials } from "./credentials.js";
import { formatHostPort, type HostPort } from "./host-port.js";
import { toWireStatus, type WireStatus } from "./rpc-error.js";
import {
  bufferOf,
  type Codec,
  type RpcMethod,
  type StreamMethod,
  type UnaryMethod,
} from "./rpc-method.js";
import { DuplexStream, type RpcStream } from "./rpc-stream.js";
import { clusterOfRoot, type IdentitySource } from "./tls-identity.js";

export type UnaryHandler<Request, Response> = (
  request: Request,
  caller: Caller,
) => Promise<Response>;

/** The conversation lasts as long as the promise; what it throws is the stream's last word. */
export type StreamHandler<Up, Down> = (
  stream: RpcStream<Up, Down>,
  caller: Caller,
) => Promise<void>;

/**
 * Longer than the silence after which a node counts as down: the end of a stream should mean that
 * the host ended it, not that nothing was heard.
 */
const PING_PERIOD_MS = 10_000;
const PING_TIMEOUT_MS = 10_000;

// What gRPC has to say comes to us as errors; its own lines on standard error would stand beside a
// user's answer.
setLogVerbosity(logVerbosity.NONE);

export class RpcServer {
  readonly #server: Server;
  readonly #credentials: MemberServerCredentials;
  readonly #methods = new Map<string, RpcMethod>();
  readonly #clusterId: ClusterId;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: {
    readonly identity: IdentitySource;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#clusterId = clusterOfRoot(options.identity.current.rootPem);
    this.#credentials = new MemberServerCredentials(options.identity);
    this.#server = new Server({
      "grpc.max_send_message_length": MESSAGE_LIMIT_BYTES,
      "grpc.max_receive_message_length": MESSAGE_LIMIT_BYTES,
      "grpc.keepalive_time_ms": PING_PERIOD_MS,
      "grpc.keepalive_timeout_ms": PING_TIMEOUT_MS,
      interceptors: [(method, call) => this.#intercept(method.path, call)],
    });
  }

  unary<Request, Response>(
    method: UnaryMethod<Request, Response>,
    handler: UnaryHandler<Request, Response>,
  ): void {
    this.#methods.set(method.path, method);
    this.#server.register<Request, Response>(
      method.path,
      (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => {
        this.#settle(method, () => handler(call.request, admittedCaller(call)), {
          done: (response) => answer(null, response),
          failed: (status) => answer(status),
        });
      },
      ...codecs(method),
      "unary",
    );
  }

  stream<Up, Down>(method: StreamMethod<Up, Down>, handler: StreamHandler<Up, Down>): void {
    this.#methods.set(method.path, method);
    this.#server.register<Up, Down>(
      method.path,
      (call: ServerDuplexStream<Up, Down>) => {
        const stream = new DuplexStream<Up, Down>(call, {
          messages: received(call),
          endsOn: ["cancelled", "finish"],
        });
        this.#settle(method, () => handler(stream, admittedCaller(call)), {
          done: () => call.end(),
          failed: (status) => call.emit("error", status),
        });
      },
      ...codecs(method),
      "bidi",
    );
  }

  /**
   * @returns the port, also where 0 asked for any.
   * @throws UnavailableError the address cannot be listened on.
   */
  listen(address: HostPort): Promise<number> {
    const target = formatHostPort(address);
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(target, this.#credentials, (cause, port) => {
        if (cause === null) resolve(port);
        else
          reject(new UnavailableError(`cannot listen on ${target}: ${cause.message}`, { cause }));
      });
    });
  }

  /** Ends every connection at once. */
  close(): void {
    this.#credentials.close();
    this.#server.forceShutdown();
  }

  /** The one place where a call is let through or refused. */
  #intercept(path: string, call: ServerInterceptingCallInterface): ServerInterceptingCall {
    const method = this.#methods.get(path);
    // gRPC answers that it is not implemented.
    if (method === undefined) return new ServerInterceptingCall(call);
    try {
      const caller = this.#callerOf(call);
      checkAllowed(method, caller);
      return new AdmittedCall(call, caller);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const peer = call.getPeer();
      this.#logger.warn({ method: path, peer, reason: error.message }, "a call was refused");
      return new ServerInterceptingCall(call, {
        start: () => {
          call.sendStatus(toWireStatus(error));
        },
      });
    }
  }

  #callerOf(call: ServerInterceptingCallInterface): Caller {
    const address = addressOfPeer(call.getPeer());
    const certificate = call.getAuthContext().sslPeerCertificate;
    if (certificate === undefined) return { address };
    const expected = { clusterId: this.#clusterId, nowWallMs: this.#clock.wallMs() };
    return { address, node: nodeOfPeer(certificate, expected) };
  }

  #settle<Response>(
    method: RpcMethod,
    work: () => Promise<Response>,
    answer: {
      readonly done: (response: Response) => void;
      readonly failed: (status: WireStatus) => void;
    },
  ): void {
    // What a handler throws before it waits is an answer like what it throws after.
    Promise.resolve()
      .then(work)
      .then(answer.done, (error: unknown) => {
        if (!(error instanceof ClusterError)) {
          this.#logger.error({ method: method.path, error }, "a call failed inside");
        }
        answer.failed(toWireStatus(error));
      });
  }
}

/**
 * A call that was let through, with its caller: reading a certificate takes
 * longer than most answers.
 */
class AdmittedCall extends ServerInterceptingCall {
  readonly #context: AdmittedContext;

  constructor(call: ServerInterceptingCallInterface, caller: Caller) {
    super(call);
    this.#context = { caller };
  }

  override getAuthContext(): AdmittedContext {
    return this.#context;
  }
}

/** What handlers are given in place of gRPC's own context. */
interface AdmittedContext extends AuthContext {
  readonly caller: Caller;
}

type AuthContext = ReturnType<ServerInterceptingCallInterface["getAuthContext"]>;

/** gRPC asks the outermost interceptor for a handler's context, which is ours. */
function admittedCaller(call: { getAuthContext(): AuthContext }): Caller {
  const context = call.getAuthContext();
  assert("caller" in context, "a handler was called without the interceptor");
  return (context as AdmittedContext).caller;
}

/**
 * Ends without an error where the caller is gone. Read by hand: Node's own iterator destroys the
 * stream when an error is emitted on it, which is how gRPC is told the status of a call that
 * failed; what had not been sent by then would be lost, and the status with it.
 */
function received<Up>(call: ServerDuplexStream<Up, unknown>): AsyncIterable<Up> {
  const over = new AbortController();
  let wake: () => void = () => undefined;
  call.on("readable", () => wake());
  for (const event of ["end", "error", "close", "cancelled"]) {
    call.on(event, () => {
      over.abort();
      wake();
    });
  }
  return (async function* () {
    for (;;) {
      const message = call.read() as Up | null;
      if (message !== null) yield message;
      else if (over.signal.aborted) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
}

function codecs<Request, Response>(method: {
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}): [(response: Response) => Buffer, (bytes: Buffer) => Request] {
  return [
    (response) => bufferOf(method.response.encode(response)),
    (bytes) => method.request.decode(bytes),
  ];
}
