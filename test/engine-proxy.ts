/**
 * A socket between an agent and its engine that a test can cut: for the agent
 * the engine is then away.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export class EngineProxy {
  readonly socketPath: string;
  readonly #engineSocket: string;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;

  constructor(socketPath: string, engineSocket: string) {
    this.socketPath = socketPath;
    this.#engineSocket = engineSocket;
  }

  async restore(): Promise<void> {
    const server = createServer((client) => {
      const engine = connect(this.#engineSocket);
      for (const socket of [client, engine]) {
        this.#open.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#open.delete(socket);
          client.destroy();
          engine.destroy();
        });
      }
      client.pipe(engine).pipe(client);
    });
    server.listen(this.socketPath);
    await once(server, "listening");
    this.#server = server;
  }

  /** Breaks every connection and refuses new ones, as an engine that was killed. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    for (const socket of this.#open) socket.destroy();
    await once(server, "close");
  }
}
