/**
 * A TCP line to a server that a test can cut, hold and mend. Cut, its connections are reset and new
 * ones refused; held, nothing is read any more, as by a host that has stopped.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Line {
  readonly address: string;
  /** From whoever dials. */
  carriedBytes = 0;
  /** Called as bytes are carried. */
  onCarried: (carriedBytes: number) => void = () => undefined;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #dialling = new Set<Socket>();
  #state: "whole" | "cut" | "held" = "whole";

  static async to(port: number): Promise<Line> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Line(server, { host: "127.0.0.1", port });
  }

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.#target = target;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (client) => {
      this.#carry(client);
    });
  }

  cut(): void {
    this.#state = "cut";
    for (const socket of this.#dialling) socket.resetAndDestroy();
  }

  hold(): void {
    this.#state = "held";
    for (const socket of this.#dialling) socket.pause();
  }

  mend(): void {
    this.#state = "whole";
    for (const socket of this.#dialling) socket.resume();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #carry(client: Socket): void {
    if (this.#state === "cut") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target);
    this.#dialling.add(client);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay();
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#dialling.delete(from);
        to.destroy();
      });
    }
    server.pipe(client);
    client.on("data", (bytes) => {
      this.carriedBytes += bytes.length;
      if (!server.write(bytes)) {
        client.pause();
        server.once("drain", () => {
          if (this.#state === "whole") client.resume();
        });
      }
      this.onCarried(this.carriedBytes);
    });
    if (this.#state === "held") client.pause();
  }
}
