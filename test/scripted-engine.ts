/** A Docker engine of a few lines: real HTTP on a real socket, with the answers that a test gives it. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type ScriptedAnswer = (request: IncomingMessage, response: ServerResponse) => void;

export class ScriptedEngine {
  readonly socketPath: string;
  /** `METHOD /path?query` of everything asked, in order. */
  readonly asked: string[] = [];
  answer: ScriptedAnswer;
  readonly #server: Server;
  readonly #folder: string;

  private constructor(folder: string, answer: ScriptedAnswer) {
    this.#folder = folder;
    this.socketPath = join(folder, "docker.sock");
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method ?? ""} ${decodeURIComponent(request.url ?? "")}`);
      this.answer(request, response);
    });
  }

  static async listen(answer: ScriptedAnswer): Promise<ScriptedEngine> {
    const engine = new ScriptedEngine(await mkdtemp(join(tmpdir(), "skep-engine-")), answer);
    engine.#server.listen(engine.socketPath);
    await once(engine.#server, "listening");
    return engine;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true });
  }
}

export function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
