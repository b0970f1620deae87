// Connections and flows that last, through virtual addresses and published ports of real hosts: a
// connection stays with its task while others come and go, and has its grace period when it is to
// stop; a flow of datagrams goes on with another task when its own is gone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { ADDRESS_OF, type Container, LabServices, WITH_NODE } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

/** Says its name to whatever is said to it; told to stop, it waits for its connections to end. */
const SERVER = `
  const name = require("os").hostname();
  const server = require("net").createServer((socket) => {
    socket.on("data", () => socket.write(name + "\\n")).on("error", () => socket.destroy());
  }).listen(80);
  process.on("SIGTERM", () => server.close(() => process.exit(0)));
  const datagrams = require("dgram").createSocket("udp4");
  datagrams.on("message", (_, { port, address }) => datagrams.send(name, port, address)).bind(53);
`;
/** Says something ten times a second, and writes down what is said back, until there is a file. */
const TALK = `
  const { appendFileSync, existsSync } = require("fs");
  const [kind, host, port, file] = process.argv.slice(1);
  const note = (text) => appendFileSync(file, text.toString().trim() + "\\n");
  const told = (error) => note(error.code);
  const flow = () => {
    const socket = require("dgram").createSocket("udp4").on("message", note).on("error", told);
    return () => socket.send("?", Number(port), host);
  };
  const connection = () => {
    const socket = require("net").connect(Number(port), host).on("data", note).on("error", told);
    socket.on("close", () => note("closed"));
    return () => socket.write("?");
  };
  const say = kind === "tcp" ? connection() : flow();
  setInterval(() => existsSync(file + ".end") ? process.exit() : say(), 100);
`;
const SAID_PER_SECOND = 10;
const REPLICAS = 2;
const GRACE_S = 10;
/** So much of its grace period a connection is seen to have. */
const HELD_S = 3;

class Talk implements AsyncDisposable {
  readonly #file: string;
  readonly #ended: Promise<unknown>;

  constructor(
    file: string,
    run: (words: readonly [string, ...string[]]) => Promise<unknown>,
    to: readonly [kind: "tcp" | "udp", host: string, port: number],
  ) {
    this.#file = file;
    writeFileSync(file, "");
    this.#ended = run([process.execPath, "-e", TALK, ...to.map(String), file]);
  }

  /** Who answered, or what went wrong, in order. */
  said(): readonly string[] {
    return readFileSync(this.#file, "utf8").split("\n").filter(Boolean);
  }

  /** As much more as is said in so long. */
  async goesOnFor(seconds: number): Promise<void> {
    const before = this.said().length;
    await settles(async () =>
      expect(this.said().length).toBeGreaterThanOrEqual(before + seconds * SAID_PER_SECOND),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(`${this.#file}.end`, "");
    await this.#ended;
  }
}

describeWithLab("connections and flows that last", () => {
  let on: LabServices;
  let client: Container;
  let vip: string;
  const dir = labFolder();

  beforeAll(async () => {
    on = new LabServices(await Laboratory.up({ dir, hosts: 3, managers: 1 }));
    await on.docker(["network", "create", "-d", "overlay", "front"]);
    const app = [
      ...["--network", "front", "--replicas", String(REPLICAS)],
      ...["--publish", "8081:80", "--publish", "8053:53/udp"],
      ...["--constraint", "node.hostname!=host3", "--stop-grace-period", `${GRACE_S}s`],
      ...["--update-order", "start-first", "--update-parallelism", "0"],
    ];
    await on.serve("app", [...app, ...WITH_NODE], [process.execPath, "-e", SERVER]);
    await on.serve("client", ["--network", "front", "--constraint", "node.hostname==host3"]);
    await on.allRun({ app: REPLICAS, client: 1 });
    vip = await on.vipOf("app", "front");
    [client] = (await on.containersOf("client", "front")) as [Container];
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  /** From inside by the virtual address, and from a host that runs none of the tasks by its own. */
  const inside = (kind: "tcp" | "udp"): Talk => {
    const port = kind === "tcp" ? 80 : 53;
    const run = (words: readonly string[]) => on.runInNetworkOf(client, words);
    return new Talk(join(dir, `${kind} inside`), run, [kind, vip, port]);
  };
  const outside = (kind: "tcp" | "udp"): Talk => {
    const port = kind === "tcp" ? 8081 : 8053;
    const run = (words: readonly [string, ...string[]]) => on.run("host1", words);
    return new Talk(join(dir, `${kind} outside`), run, [kind, ADDRESS_OF.host3, port]);
  };
  const nameOf = ({ id }: Container): string => id.slice(0, 12);

  const tasks = (): Promise<Container[]> => on.containersOf("app", "front");

  test("a connection stays where it is, and has its grace period", async () => {
    await using inner = inside("tcp");
    await using outer = outside("tcp");
    const both = [inner, outer];
    for (const talk of both) await talk.goesOnFor(1);
    const names = both.map((talk) => talk.said()[0]!);
    await on.docker(["service", "scale", "--detach", "app=4"]);
    await on.allRun({ app: 4, client: 1 });
    const old = await tasks();
    const idle = old.find((one) => !names.includes(nameOf(one)))!;
    await on.run(idle.host, ["docker", "kill", idle.id]);
    for (const talk of both) await talk.goesOnFor(1);
    await on.docker(["service", "update", "--detach", "--force", "--no-resolve-image", "app"]);
    await settles(async () => {
      const named = await on.within(client, "nslookup tasks.app | sed -n 's/^Address: *//p'");
      for (const { address } of old) expect(named.split("\n")).not.toContain(address);
    });
    for (const talk of both) await talk.goesOnFor(HELD_S);
    expect(both.map((talk) => [...new Set(talk.said())])).toEqual(names.map((name) => [name]));
  });

  test("a flow of datagrams goes on with another task when its own is gone", async () => {
    await using inner = inside("udp");
    await using outer = outside("udp");
    for (const talk of [inner, outer]) {
      await talk.goesOnFor(1);
      const name = talk.said().at(-1)!;
      const own = (await tasks()).find((one) => nameOf(one) === name)!;
      await on.run(own.host, ["docker", "kill", own.id]);
      await settles(async () => expect(talk.said().at(-1)).not.toBe(name));
      await talk.goesOnFor(1);
      expect(talk.said().at(-1)).not.toBe(name);
    }
  });
});
