/**
 * An agent for tests of the dispatcher: says what the test tells it to, over real TLS, and
 * hands over what it hears.
 */
import type { NodeDescription } from "../shared/docker-api/node-spec.js";
import { type Fence, LOWEST_FENCE } from "../shared/model/fence.js";
import type { TaskId } from "../shared/model/ids.js";
import type { ObservedState } from "../shared/model/task-state.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { type ClientStream, RpcClient } from "../shared/rpc/channel.js";
import type { AgentMessage, ManagerMessage } from "../shared/rpc/dispatcher-messages.js";
import { LEAVE, SESSION } from "../shared/rpc/dispatcher-rpc.js";
import type { IdentitySource } from "../shared/rpc/tls-identity.js";

type Heard<Kind extends ManagerMessage["kind"]> = Extract<ManagerMessage, { kind: Kind }>;

export class TestAgent {
  readonly #client: RpcClient;
  readonly #stream: ClientStream<AgentMessage, ManagerMessage>;
  readonly #messages: AsyncIterator<ManagerMessage>;

  constructor(options: { readonly port: number; readonly identity: IdentitySource }) {
    this.#client = new RpcClient({
      address: `127.0.0.1:${options.port}`,
      trust: { kind: "member", identity: options.identity },
      clock: systemClock,
    });
    this.#stream = this.#client.open(SESSION);
    this.#messages = this.#stream.messages[Symbol.asyncIterator]();
  }

  send(message: AgentMessage): void {
    this.#stream.send(message);
  }

  hello(
    said: { readonly hostname?: string; readonly fence?: Fence; readonly address?: string } = {},
  ): void {
    const description: NodeDescription = { Hostname: said.hostname ?? "host" };
    const fence = said.fence ?? LOWEST_FENCE;
    const engine = { kind: "answers" } as const;
    const address = said.address === undefined ? {} : { address: said.address };
    this.send({ kind: "hello", description, engine, fence, memory: "none", ...address });
  }

  report(batch: number, states: Readonly<Record<string, ObservedState>>): void {
    const updates = Object.entries(states).map(([id, state]) => ({
      taskId: id as TaskId,
      status: { state, atMs: 0, message: `is ${state}` },
    }));
    this.send({ kind: "statuses", batch, updates });
  }

  /**
   * The next message of this kind; others before it are passed over.
   * @throws what the manager ended with.
   */
  async next<Kind extends ManagerMessage["kind"]>(kind: Kind): Promise<Heard<Kind>> {
    for (;;) {
      const { done, value } = await this.#messages.next();
      if (done === true) throw new Error(`the session ended without ${kind}`);
      if (value.kind === kind) return value as Heard<Kind>;
    }
  }

  /** What the manager ended the session with. */
  async end(): Promise<Error> {
    try {
      return await this.next("welcome").then(() => this.end());
    } catch (error) {
      return error as Error;
    }
  }

  /** As a host does that leaves the cluster, once its tasks are gone. */
  async leaveCluster(): Promise<void> {
    await this.#client.call(LEAVE, {});
  }

  /** As a daemon that ends does; its host answers. */
  leave(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}
