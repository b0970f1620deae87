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
  readonly #held: (() => void)[] = [];
  #manner: "passes on" | "hangs" = "passes on";
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
      if (this.#manner === "passes on") client.pipe(engine).pipe(client);
      else this.#held.push(() => void client.pipe(engine).pipe(client));
    });
    server.listen(this.socketPath);
    await once(server, "listening");
    this.#server = server;
  }

  /** Takes what it is asked, and passes nothing on, as an engine that hangs. */
  hang(): void {
    this.#manner = "hangs";
    for (const socket of this.#open) {
      socket.pause();
      this.#held.push(() => void socket.resume());
    }
  }

  goOn(): void {
    this.#manner = "passes on";
    for (const goOn of this.#held.splice(0)) goOn();
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
