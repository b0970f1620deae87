/** The least that stands between a benchmark and a Docker engine: HTTP on kept connections, nothing else. */
import { Agent, type IncomingMessage, request } from "node:http";

export type EngineMethod = "GET" | "POST" | "DELETE";

export class EngineCalls {
  readonly socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** @throws Error the engine's refusal, word for word. */
  async call<T>(method: EngineMethod, path: string, body?: object): Promise<T> {
    const answer = await this.open(method, path, body);
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** The answer while it comes. */
  open(method: EngineMethod, path: string, body?: object): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: this.socketPath,
        agent: this.#agent,
        method,
        path,
        headers: {
          "content-type": "application/json",
          "content-length": text === undefined ? 0 : Buffer.byteLength(text),
        },
      });
      outgoing.once("error", reject);
      outgoing.once("response", (answer) => {
        if ((answer.statusCode ?? 0) < 400) resolve(answer);
        else reject(new Error(`the engine answered ${method} ${path} with ${answer.statusCode}`));
      });
      outgoing.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
