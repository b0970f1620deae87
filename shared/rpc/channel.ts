/**
 * The client's side of a connection to a manager. Dialled by address over mutual TLS;
 * reconnects within half a second, because a manager that was restarted is back sooner than
 * gRPC's own back-off would look.
 */
import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";

import { UnavailableError } from "../errors/cluster-error.js";
import type { Clock } from "../ports/clock.js";
import { clientCredentials, type ClientTrust } from "./credentials.js";
import { Resets } from "./resets.js";
import { fromServiceError, RemoteError } from "./rpc-error.js";
import { bufferOf, type Codec, type StreamMethod, type UnaryMethod } from "./rpc-method.js";
import { DuplexStream, KEEP_WRITABLE, type RpcStream } from "./rpc-stream.js";

/**
 * The whole set of a node's assignments is the largest message: 100,000 tasks and their templates.
 */
export const MESSAGE_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * How long a call may take unless it says otherwise: longer than an election,
 * shorter than a user's patience.
 */
const CALL_TIMEOUT_MS = 5_000;

const RECONNECT_FIRST_MS = 100;
const RECONNECT_LIMIT_MS = 500;
/**
 * A connection that is dead without a word is noticed by a ping; the conversations have faster
 * means of their own. Not shorter: a manager that is short of time for a thousand agents must not
 * lose them all to pings that it answers late.
 */
const PING_PERIOD_MS = 5_000;
const PING_TIMEOUT_MS = 5_000;

const CHANNEL_OPTIONS: ChannelOptions = {
  // A name for SNI, where an address must not stand; whom we reached is told by the certificate.
  "grpc.ssl_target_name_override": "manager.skep",
  "grpc.initial_reconnect_backoff_ms": RECONNECT_FIRST_MS,
  "grpc.max_reconnect_backoff_ms": RECONNECT_LIMIT_MS,
  "grpc.keepalive_time_ms": PING_PERIOD_MS,
  "grpc.keepalive_timeout_ms": PING_TIMEOUT_MS,
  "grpc.max_send_message_length": MESSAGE_LIMIT_BYTES,
  "grpc.max_receive_message_length": MESSAGE_LIMIT_BYTES,
  // Each client its own connection: two clients may show different certificates to one address.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
};

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ClientStream<Up, Down> extends RpcStream<Down, Up> {
  /** Nothing more will be sent; the server may still answer. */
  end(): void;
  /** Breaks the stream off at once. */
  cancel(): void;
}

export class RpcClient {
  /** `host:port` */
  readonly address: string;
  readonly #trust: ClientTrust;
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  readonly #resets = new Resets();
  #client: Client | undefined;
  #closed = false;

  constructor(options: {
    readonly address: string;
    readonly trust: ClientTrust;
    readonly clock: Clock;
  }) {
    this.address = options.address;
    this.#clock = options.clock;
    this.#trust = options.trust;
    const forget = (): void => {
      this.#client?.close(); // calls in progress go on to their end
      this.#client = undefined;
    };
    this.#unsubscribe =
      options.trust.kind === "member" ? options.trust.identity.onRenewed(forget) : () => undefined;
  }

  /**
   * @throws RemoteError what the other side answered, or `unavailable` where it did not.
   * @throws the signal's reason when it is aborted.
   */
  call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const { signal, timeoutMs = CALL_TIMEOUT_MS } = options;
    return new Promise<Response>((resolve, reject) => {
      signal?.throwIfAborted();
      let late = false;
      const call = this.#present().makeUnaryRequest(
        method.path,
        serializer(method.request),
        (bytes: Buffer) => method.response.decode(bytes),
        request,
        (error: ServiceError | null, response?: Response) => {
          timer.cancel();
          signal?.removeEventListener("abort", cancel);
          if (error === null) resolve(response as Response);
          else if (signal?.aborted === true) reject(signal.reason as Error);
          else if (late) reject(this.#silent(timeoutMs));
          else reject(fromServiceError(error, this.address));
        },
      );
      const cancel = (): void => {
        this.#resets.add(() => call.cancel());
      };
      // Not gRPC's own deadline, which is a time of the wall clock.
      const timer = this.#clock.after(timeoutMs, () => {
        late = true;
        cancel();
      });
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Opens a conversation. An address that does not answer shows when its messages are read. */
  open<Up, Down>(
    method: StreamMethod<Up, Down>,
    options: Pick<CallOptions, "signal"> = {},
  ): ClientStream<Up, Down> {
    const { signal } = options;
    signal?.throwIfAborted();
    const call = this.#present().makeBidiStreamRequest(
      method.path,
      serializer(method.request),
      (bytes: Buffer) => method.response.decode(bytes),
    );
    const stream = new ClientConversation<Up, Down>(call, this.address, this.#resets);
    const cancel = (): void => {
      stream.cancel();
    };
    signal?.addEventListener("abort", cancel, { once: true });
    stream.ended.addEventListener("abort", () => signal?.removeEventListener("abort", cancel));
    return stream;
  }

  /** Calls in progress are not broken off: cancel them by their signals. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#client?.close();
    this.#client = undefined;
  }

  #present(): Client {
    if (this.#closed) throw new UnavailableError(`the connection to ${this.address} was closed`);
    this.#client ??= new Client(this.address, clientCredentials(this.#trust), CHANNEL_OPTIONS);
    return this.#client;
  }

  #silent(timeoutMs: number): RemoteError {
    const message = `${this.address}: no answer within ${timeoutMs} ms`;
    return new RemoteError("unavailable", message, { address: this.address });
  }
}

class ClientConversation<Up, Down>
  extends DuplexStream<Down, Up>
  implements ClientStream<Up, Down>
{
  readonly #call: ClientDuplexStream<Up, Down>;
  readonly #cancel: () => void;

  constructor(call: ClientDuplexStream<Up, Down>, address: string, resets: Resets) {
    const cancel = (): void => resets.add(() => call.cancel());
    super(call, { messages: received(call, address, cancel), endsOn: ["status", "error"] });
    this.#call = call;
    this.#cancel = cancel;
  }

  end(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#cancel();
  }
}

/** Listens for the error at once: it may come before anybody reads, and would then be lost. */
function received<Up, Down>(
  call: ClientDuplexStream<Up, Down>,
  address: string,
  cancel: () => void,
): AsyncIterable<Down> {
  let failure: ServiceError | undefined;
  call.once("error", (error) => {
    failure = error as ServiceError;
  });
  return (async function* () {
    try {
      for await (const message of call.iterator(KEEP_WRITABLE)) yield message as Down;
    } catch (error) {
      if (failure === undefined) throw error;
    } finally {
      cancel(); // whoever stops reading has ended the conversation
    }
    if (failure !== undefined) throw fromServiceError(failure, address);
  })();
}

function serializer<T>(codec: Codec<T>): (message: T) => Buffer {
  return (message) => bufferOf(codec.encode(message));
}
