/** Servers and clients inside network namespaces, for tests: who answers, and how often each. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { fileOf, outcomeInside, PATH } from "./namespaces.js";

/** Answers every connection and every datagram on the port with its name, and closes. */
const SERVER = `
const [name, port] = process.argv.slice(1);
require("net").createServer((socket) => {
  socket.on("error", () => {});
  socket.end(name + " " + socket.remoteAddress);
}).listen(Number(port), "0.0.0.0", () => console.log("ready"));
const udp = require("dgram").createSocket("udp4");
udp.on("message", (_, from) => udp.send(name + " " + from.address, from.port, from.address));
udp.bind(Number(port));
`;

/** Connects so many times, so many at once; prints the answers and the errors with their counts. */
const CLIENT = `
const [host, port, count, protocol] = process.argv.slice(1);
const said = {};
const note = (text) => { said[text] = (said[text] || 0) + 1; };
const tcp = () => new Promise((resolve) => {
  let text = "";
  const socket = require("net").connect(Number(port), host);
  socket.setTimeout(2000, () => socket.destroy(new Error("timeout")));
  socket.on("data", (data) => { text += data; });
  socket.on("error", (error) => { note(error.code || error.message); resolve(); });
  socket.on("end", () => { note(text); socket.destroy(); resolve(); });
});
const udp = () => new Promise((resolve) => {
  const socket = require("dgram").createSocket("udp4");
  const end = (text) => { note(text); clearTimeout(timer); socket.close(); resolve(); };
  const timer = setTimeout(() => end("timeout"), 2000);
  socket.on("error", (error) => end(error.code));
  socket.on("message", (data) => end(String(data)));
  socket.connect(Number(port), host, () => socket.send("?"));
});
let left = Number(count);
const work = async () => { while (left-- > 0) await (protocol === "udp" ? udp() : tcp()); };
Promise.all(Array.from({ length: Math.min(16, left) }, work)).then(() => console.log(JSON.stringify(said)));
`;

/** Serves until its scope ends. */
export class Server implements AsyncDisposable {
  readonly #child: ChildProcess;

  static async start(namespace: string, name: string, port: number): Promise<Server> {
    const words = [
      `--net=${fileOf(namespace)}`,
      process.execPath,
      "-e",
      SERVER,
      name,
      String(port),
    ];
    const child = spawn("nsenter", words, { env: { PATH }, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return new Server(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly protocol?: "tcp" | "udp";
}

/** How often each answer came: `name source`, or an error's code. */
export async function answersTo(
  namespace: string,
  { host, port, protocol = "tcp" }: Target,
  count = 1,
): Promise<Readonly<Record<string, number>>> {
  const words = [process.execPath, "-e", CLIENT, host, String(port), String(count), protocol];
  const { stdout } = await outcomeInside(namespace, words);
  return JSON.parse(stdout) as Record<string, number>;
}

/** Looks a name up, as a container with this server would. */
const LOOKUP = `
const [server, name] = process.argv.slice(1);
const resolver = new (require("dns").promises.Resolver)({ timeout: 1000, tries: 2 });
resolver.setServers([server]);
resolver.resolve4(name).then((found) => found.sort(), (error) => error.code)
  .then((answer) => console.log(JSON.stringify(answer)));
`;

/** @returns the addresses, or an error's code */
export async function lookup(
  namespace: string,
  server: string,
  name: string,
): Promise<readonly string[] | string> {
  const words = [process.execPath, "-e", LOOKUP, server, name];
  const { stdout } = await outcomeInside(namespace, words);
  return JSON.parse(stdout) as string[] | string;
}

/** Answers whatever comes with the same few bytes, as fast as it can. */
const FAST_SERVER = `
const answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok";
require("net").createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", () => socket.write(answer));
}).listen(Number(process.argv[1]), "0.0.0.0", () => console.log("ready"));
`;

/** Serves kept connections until its scope ends. */
export class FastServer implements AsyncDisposable {
  readonly #child: ChildProcess;

  static async start(namespace: string, port: number): Promise<FastServer> {
    const words = [`--net=${fileOf(namespace)}`, process.execPath, "-e", FAST_SERVER, String(port)];
    const child = spawn("nsenter", words, { env: { PATH }, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return new FastServer(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** A process that only stands for its network namespace, once it is in it. */
export class Idle {
  readonly #child: ChildProcess;

  static async start(namespace: string): Promise<Idle> {
    const script = "echo ready; exec sleep infinity";
    const words = [`--net=${fileOf(namespace)}`, "--", "sh", "-c", script];
    const child = spawn("nsenter", words, { env: { PATH }, stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "data");
    return new Idle(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}
