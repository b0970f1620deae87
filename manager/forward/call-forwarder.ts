/**
 * Calls that only the leader can answer, taken by every manager: a follower passes them on, with the
 * caller as it saw it.
 */
import { UnimplementedError } from "../../shared/errors/cluster-error.js";
import type { Caller } from "../../shared/rpc/caller.js";
import type { UnaryMethod } from "../../shared/rpc/rpc-method.js";
import type { RpcServer, UnaryHandler } from "../../shared/rpc/rpc-server.js";
import { CALL } from "./forward-rpc.js";
import type { LeaderLink } from "./leader-link.js";

type Server = Pick<RpcServer, "unary">;

export class CallForwarder {
  readonly #link: LeaderLink;
  readonly #leads: () => boolean;
  readonly #handlers = new Map<
    string,
    (request: Uint8Array, caller: Caller) => Promise<Uint8Array>
  >();

  constructor(link: LeaderLink, leads: () => boolean) {
    this.#link = link;
    this.#leads = leads;
  }

  /** Takes what other managers pass on. */
  serveOn(server: Server): void {
    server.unary(CALL, async ({ path, request, caller }) => {
      const handler = this.#handlers.get(path);
      if (handler === undefined) throw new UnimplementedError(`${path} is not passed on`);
      return { response: await handler(request, caller) };
    });
  }

  /** A server on which such calls can be registered like any others. */
  on(server: Server): Server {
    return {
      unary: (method, handler) => {
        this.#handlers.set(method.path, async (bytes, caller) =>
          method.response.encode(await handler(method.request.decode(bytes), caller)),
        );
        server.unary(method, (request, caller) => this.#answer(method, handler, request, caller));
      },
    };
  }

  async #answer<Request, Response>(
    method: UnaryMethod<Request, Response>,
    handler: UnaryHandler<Request, Response>,
    request: Request,
    caller: Caller,
  ): Promise<Response> {
    if (this.#leads()) return await handler(request, caller);
    const { path } = method;
    const bytes = method.request.encode(request);
    const { response } = await this.#link.ask({
      method: CALL,
      request: { path, request: bytes, caller },
      here: async () => ({ response: method.response.encode(await handler(request, caller)) }),
      repeatable: "no",
    });
    return method.response.decode(response);
  }
}
