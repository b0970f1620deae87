/** Containers on networks of the cluster, by the word of an engine that writes down what it is asked. */
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { NotFoundError, UnavailableError } from "../../shared/errors/cluster-error.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { seededRandom } from "../../shared/ports/random.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import type { ApiContext } from "./api-context.js";
import { Attaching } from "./attaching.js";
import { EngineLink } from "./engine-link.js";
import { FrontDoor } from "./front-door.js";
import type { ContainerNetworks } from "./host.js";
import { PassThrough } from "./pass-through.js";

const LABELS = { "skep.network.id": "w1", "skep.network.name": "app" };
const CONTAINER = {
  Id: "c1",
  Name: "/web",
  Config: { Labels: {} },
  NetworkSettings: { Networks: { bridge: {}, "skep-w1": {} } },
};
/** What the engine answers, by method and path; 404 to all else. */
const ANSWERS: Readonly<Record<string, readonly [number, unknown]>> = {
  "GET /networks/mine": [200, { Name: "mine", Labels: {} }],
  "GET /networks/bridge": [200, { Name: "bridge" }],
  "GET /networks/skep-w1": [200, { Name: "skep-w1", Labels: LABELS }],
  "GET /containers/web/json": [200, CONTAINER],
  "GET /v1.41/containers/json": [
    200,
    [{ Labels: { "skep.attachment.id": "a1" }, NetworkSettings: { Networks: { "skep-w1": {} } } }],
  ],
  "GET /v1.41/containers/plain/json": [200, CONTAINER],
  "POST /v1.41/containers/create": [201, { Id: "c1", Warnings: [] }],
  "POST /v1.41/networks/skep-w1/connect": [200, undefined],
  "POST /v1.41/networks/skep-w1/disconnect": [200, undefined],
  "POST /v1.41/networks/mine/connect": [200, undefined],
};

let engine: Server;
let door: FrontDoor;
let socketPath: string;
/** What the engine was asked to do, with its body. */
let asked: string[];
/** What became of the managers' side. */
let said: string[];
let refusal: Error | undefined;
let made = 0;

async function answerAsEngine(incoming: IncomingMessage): Promise<readonly [number, unknown]> {
  const body = await text(incoming);
  const what = `${incoming.method ?? ""} ${(incoming.url ?? "").split("?")[0] ?? ""}`;
  if (incoming.method === "POST") asked.push(`${what} ${body}`);
  if (body.includes("no-image")) return [404, { message: "No such image: no-image" }];
  return ANSWERS[what] ?? [404, { message: "not found" }];
}

const networks: ContainerNetworks = {
  attach: ({ networks: wished }) => {
    if (refusal !== undefined) return Promise.reject(refusal);
    said.push(`attach ${wished.map(({ target }) => target).join()}`);
    const endpoint = {
      networkId: "w1",
      name: "app",
      engineName: "skep-w1",
      addresses: ["10.0.0.5"],
      mac: "02:42:0a:00:00:05",
      subnets: [{ gateway: "10.0.0.2" }],
    };
    return Promise.resolve({ labels: { of: "ours" }, networks: [endpoint] });
  },
  made: () => void said.push("made"),
  idOf: (_id, labels) => (labels["task"] === undefined ? ("a1" as never) : undefined),
  look: () => void said.push("look"),
};

beforeEach(async () => {
  [asked, said, refusal] = [[], [], undefined];
  const path = (): string => join(tmpdir(), `skep-attaching-${process.pid}-${++made}.sock`);
  const engineSocket = path();
  engine = createServer((incoming, response) => {
    if (incoming.url === "/_ping") {
      response.setHeader("Api-Version", "1.41").end("OK");
      return;
    }
    void answerAsEngine(incoming).then(([status, body]) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => engine.listen(engineSocket, resolve));
  const link = new EngineLink(() => engineSocket, systemClock);
  const passThrough = new PassThrough(link, silentLogger);
  const random = seededRandom("attaching");
  const host = { attachments: () => networks } as unknown as ApiContext["host"];
  const context = { host, clock: systemClock, logger: silentLogger, random, engine: link };
  door = new FrontDoor({
    own: (_request, response) => response.end("own"),
    passThrough,
    attaching: new Attaching(context, passThrough),
    clock: systemClock,
    logger: silentLogger,
  });
  socketPath = path();
  await door.listen({ path: socketPath });
});

afterEach(async () => {
  await door.close();
  engine.closeAllConnections();
  await new Promise((resolve) => engine.close(resolve));
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

const post = (path: string, body: object): Promise<Answer> => ask("POST", path, body);

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const sent = request({ socketPath, method, path: `/v1.41${path}` });
  sent.setHeader("content-type", "application/json");
  sent.end(body === undefined ? "" : JSON.stringify(body));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject);
  });
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

const create = (network: string, Image = "busybox") =>
  post("/containers/create?name=web", { Image, HostConfig: { NetworkMode: network } });

describe("a container that is made", () => {
  test("on a network of the cluster is asked of the managers, then of the engine in its words", async () => {
    const { status, body } = await create("app");
    expect([status, JSON.parse(body)]).toEqual([201, { Id: "c1", Warnings: [] }]);
    expect(said).toEqual(["attach app", "made"]);
    expect(asked).toHaveLength(1);
    expect(JSON.parse(asked[0]!.replace(/^\S+ \S+ /, ""))).toMatchObject({
      Labels: { of: "ours" },
      HostConfig: { NetworkMode: "skep-w1", Dns: ["10.0.0.2"] },
      NetworkingConfig: {
        EndpointsConfig: { "skep-w1": { IPAMConfig: { IPv4Address: "10.0.0.5" } } },
      },
    });
  });

  test.each(["mine", "bridge", "default", "host", "container:other"])(
    "on %s goes on as it came",
    async (network) => {
      expect((await create(network)).status).toBe(201);
      const body = { Image: "busybox", HostConfig: { NetworkMode: network } };
      expect(asked).toEqual([`POST /v1.41/containers/create ${JSON.stringify(body)}`]);
      expect(said).toEqual([]);
    },
  );

  test("of an image that is not there is refused as the engine says, and let go", async () => {
    const { status, body } = await create("app", "no-image");
    expect([status, body]).toEqual([404, '{"message":"No such image: no-image"}']);
    expect(said).toEqual(["attach app", "made"]);
  });

  test("is not refused like an image that is not there: a client would fetch it", async () => {
    refusal = new NotFoundError("network", "app");
    const { status, body } = await create("app");
    expect(status).toBe(400);
    expect(body).toContain(
      "Could not attach to network app: rpc error: code = NotFound desc = network app not found",
    );
    expect(asked).toEqual([]);
  });

  test("waits for nobody where no manager answers", async () => {
    refusal = new UnavailableError("no manager answers");
    expect((await create("app")).status).toBe(503);
  });
});

describe("a container that is there", () => {
  test("is connected with the address that it was given", async () => {
    const wish = { Container: "web", EndpointConfig: { Aliases: ["late"] } };
    expect((await post("/networks/app/connect", wish)).status).toBe(200);
    expect(said).toEqual(["attach app", "made"]);
    const EndpointConfig = { Aliases: ["late"], IPAMConfig: { IPv4Address: "10.0.0.5" } };
    const body = JSON.stringify({ Container: "web", EndpointConfig });
    expect(asked).toEqual([`POST /v1.41/networks/skep-w1/connect ${body}`]);
  });

  test.each(["app", "w1"])("is taken off the network called %s", async (network) => {
    const wish = { Container: "web", Force: false };
    expect((await post(`/networks/${network}/disconnect`, wish)).status).toBe(200);
    expect(asked).toEqual([`POST /v1.41/networks/skep-w1/disconnect ${JSON.stringify(wish)}`]);
    expect(said).toEqual(["look"]);
  });

  test("is connected to a network of its host's own by its engine alone", async () => {
    const wish = { Container: "web" };
    expect((await post("/networks/mine/connect", wish)).status).toBe(200);
    expect(asked).toEqual([`POST /v1.41/networks/mine/connect ${JSON.stringify(wish)}`]);
    expect(said).toEqual([]);
  });

  test("has to be there", async () => {
    expect((await post("/networks/app/connect", { Container: "nobody" })).status).toBe(404);
    expect(said).toEqual([]);
  });
});

describe("containers are shown", () => {
  test("on the networks that their users named", async () => {
    const { body } = await ask("GET", "/containers/json?all=1");
    const [shown] = JSON.parse(body) as { NetworkSettings: object }[];
    expect(shown?.NetworkSettings).toEqual({ Networks: { app: { NetworkID: "w1" } } });
  });

  test("as the engine shows them where they are none of these, and where they are not", async () => {
    expect((await ask("GET", "/containers/plain/json")).body).toBe(JSON.stringify(CONTAINER));
    expect((await ask("GET", "/containers/nobody/json")).status).toBe(404);
  });
});
