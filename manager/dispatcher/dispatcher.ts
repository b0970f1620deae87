/**
 * Where agents meet the cluster. Serves one stream per agent: what the agent says of its host and
 * its tasks goes into the store, what the store wants of the node goes down, fenced; and who falls
 * silent is called down. It acts only while this manager leads: each term starts afresh
 * (`dispatcher-term.ts`), and outside of one, agents are told where the managers are, and sent away:
 * who joined through this one may know of no other.
 */
import { NoLeaderError } from "../../shared/errors/cluster-error.js";
import { callingNode } from "../../shared/rpc/caller.js";
import { LEAVE, SESSION } from "../../shared/rpc/dispatcher-rpc.js";
import type { RpcServer } from "../../shared/rpc/rpc-server.js";
import type { LeaderLoop } from "../leadership.js";
import { type DispatcherOptions, DispatcherTerm } from "./dispatcher-term.js";

export class Dispatcher implements LeaderLoop {
  readonly name = "dispatcher";
  readonly #options: DispatcherOptions;
  #term: DispatcherTerm | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  serveOn(server: Pick<RpcServer, "stream" | "unary">): void {
    server.stream(SESSION, async (stream, caller) => {
      const { nodeId } = callingNode(caller);
      if (this.#term === undefined) {
        stream.send({ kind: "managers", addresses: this.#options.managers() });
      }
      await this.#presentTerm().session(stream, nodeId, caller.address);
    });
    server.unary(LEAVE, async (_request, caller) => {
      await this.#presentTerm().left(callingNode(caller).nodeId);
      return {};
    });
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const term = new DispatcherTerm(this.#options, this.#options.leadership().term);
    this.#term = term;
    try {
      await term.run({ signal });
    } finally {
      this.#term = undefined;
    }
  }

  /** Tells every agent where the managers are by now. */
  managersChanged(): void {
    this.#term?.tellManagers();
  }

  #presentTerm(): DispatcherTerm {
    if (this.#term !== undefined) return this.#term;
    throw new NoLeaderError("this manager does not lead: ask another");
  }
}
