import { beforeEach, describe, expect, test } from "vitest";

import { NotFoundError, PermissionDeniedError } from "../../shared/errors/cluster-error.js";
import type { NetworkId, NodeId, TaskId } from "../../shared/model/ids.js";
import type { Endpoint, NodeNetworks } from "../../shared/model/node-networks.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import type {
  AttachedContainer,
  AttachedContainers,
} from "../engine/docker/attached-containers.js";
import { EngineUnavailableError } from "../engine/engine-errors.js";
import { AttachmentKeeper } from "./attachment-keeper.js";

const HERE = "n1" as NodeId;
const W1 = "w1" as NetworkId;
const A1 = "a1" as TaskId;
/** Of a look and its gathering. */
const SOON_MS = 500;

const container = (changes: Partial<AttachedContainer> = {}): AttachedContainer => ({
  attachmentId: A1,
  containerId: "c1",
  name: "web",
  pid: 7,
  resolvers: ["10.0.0.2", "192.0.2.1"],
  networks: [{ networkId: W1, engineName: "skep-w1", addresses: ["10.0.0.5"], aliases: ["db"] }],
  ...changes,
});

/** What this node is told where these are attached here. */
function toldOf(ids: readonly TaskId[], state: Endpoint["state"] = "serving"): NodeNetworks {
  return {
    underlay: { address: "192.0.2.9", port: 4_789 },
    ports: [],
    networks: [
      {
        networkId: W1,
        name: "app",
        vni: 4_096,
        kind: "overlay",
        exit: "open",
        subnets: [{ cidr: "10.0.0.0/24", gateway: "10.0.0.2" }],
        gatewayMac: "02:42:0a:00:00:02",
        peers: [],
        services: [],
        endpoints: ids.map((taskId) => ({
          taskId,
          nodeId: HERE,
          mac: "02:42:0a:00:00:05",
          addresses: ["10.0.0.5"],
          names: [],
          state,
          kind: "attachment",
        })),
      },
    ],
  };
}

let clock: ManualClock;
let seen: readonly AttachedContainer[];
let told: NodeNetworks | undefined;
/** What happened, in order. */
let done: string[];
/** Thrown by the managers instead of an answer. */
let refusal: Error | undefined;
let isEngineThere: boolean;
/** What this host hears of the container's address. */
let heardAddress: string;
/** Before the managers let one go. */
let detaching: Promise<void>;
/** How often the engine was told to forget networks. */
let prunes: number;
let keeper: AttachmentKeeper;
let stop: AbortController;
let running: Promise<void>;

const say = async (words: string): Promise<void> => {
  await Promise.resolve();
  if (refusal !== undefined) throw refusal;
  done.push(words);
};

beforeEach(() => {
  clock = new ManualClock();
  seen = [];
  told = toldOf([]);
  done = [];
  refusal = undefined;
  isEngineThere = true;
  prunes = 0;
  heardAddress = "10.0.0.5";
  detaching = Promise.resolve();
  stop = new AbortController();
  const containers = {
    plane: {
      prepare: (
        { taskId }: { taskId: TaskId },
        { resolvers }: { resolvers: readonly string[] },
      ) => {
        done.push(`prepare ${taskId} asks ${resolvers.join()}`);
        return Promise.resolve({ attachments: [], resolvConf: "" });
      },
      programmed: (id: TaskId, pid: number) =>
        Promise.resolve(void done.push(`program ${id} ${pid}`)),
      ended: (id: TaskId) => void done.push(`ended ${id}`),
      release: (id: TaskId) => Promise.resolve(void done.push(`forget ${id}`)),
    },
    labels: () => ({}),
    prepare: () => Promise.resolve([{ networkId: W1, addresses: [heardAddress] }]),
    prune: () => {
      prunes += 1;
      return Promise.resolve();
    },
    list: () =>
      isEngineThere ? Promise.resolve(seen) : Promise.reject(new EngineUnavailableError("away")),

    async *changes(_sinceMs: number, signal: AbortSignal) {
      yield;
      await new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    },
    disconnect: (id: string, from: string) => {
      seen = [];
      return Promise.resolve(void done.push(`disconnect ${id} ${from}`));
    },
  };
  keeper = new AttachmentKeeper({
    nodeId: HERE,
    containers: containers as unknown as AttachedContainers,
    told: () => told,
    managers: {
      attach: async ({ id, networks }) => {
        await say(
          `attach ${id} ${networks.map((one) => `${one.target}=${one.wanted.join()}`).join()}`,
        );
        return { networks: [{ networkId: W1, name: "app", addresses: ["10.0.0.5"] }] };
      },
      observe: ({ id, state }) => say(`${id} is ${state}`),
      detach: async ({ id, networkIds }) => {
        await detaching;
        await say(`detach ${id} ${networkIds.join()}`);
      },
    },
    clock,
    logger: silentLogger,
  });
  running = keeper.run(stop.signal);
});

async function soon(): Promise<string[]> {
  keeper.look();
  await clock.advance(SOON_MS);
  return done.splice(0);
}

async function end(): Promise<void> {
  stop.abort();
  await clock.advance(1);
  await running;
}

describe("a container of a user's", () => {
  test("that runs is told of once, and its namespace programmed, with its own resolvers", async () => {
    await soon();
    [seen, told] = [[container()], toldOf([A1])];
    const first = await soon();
    expect(first).toEqual(["a1 is serving", "prepare a1 asks 192.0.2.1", "program a1 7"]);
    expect(await soon()).toEqual([]);
    seen = [container({ pid: 0 })];
    expect(await soon()).toEqual(["a1 is silent", "ended a1"]);
    await end();
  });

  test("that is gone is let go, also where nobody saw it go", async () => {
    told = toldOf([A1]);
    expect(await soon()).toEqual(["detach a1 ", "forget a1"]);
    await end();
  });

  test("that is being made is left alone until it is made, or was not", async () => {
    await soon();
    const names = { resolvers: [], search: [], options: [] };
    const wish = { id: A1, containerName: "web", networks: [] };
    await keeper.attach(wish, names, stop.signal);
    told = toldOf([A1]);
    expect(await soon()).toEqual(["attach a1 "]);
    keeper.made(A1);
    expect(await soon()).toEqual(["detach a1 ", "forget a1"]);
    await end();
  });

  test("that was here before is made with the address that it was given now", async () => {
    heardAddress = "10.0.0.9";
    const wish = { id: A1, containerName: "web", networks: [] };
    const names = { resolvers: [], search: [], options: [] };
    const placed = keeper.attach(wish, names, stop.signal).then(() => done.push("placed"));
    expect(await soon()).toEqual(["attach a1 "]);
    heardAddress = "10.0.0.5";
    await clock.advance(SOON_MS);
    await placed;
    expect(done).toEqual(["placed"]);
    await end();
  });

  test("that comes back while it is let go is attached anew after that", async () => {
    let open = (): void => undefined;
    detaching = new Promise((resolve) => (open = resolve));
    told = toldOf([A1]);
    expect(await soon()).toEqual([]);
    const wish = { id: A1, containerName: "web", networks: [] };
    const names = { resolvers: [], search: [], options: [] };
    const placed = keeper.attach(wish, names, stop.signal);
    expect(await soon()).toEqual([]);
    open();
    await clock.advance(SOON_MS);
    await placed;
    expect(done).toEqual(["detach a1 ", "forget a1", "attach a1 "]);
    await end();
  });

  test("that the managers do not know is said again with the address that it has", async () => {
    seen = [container({ pid: 0 })];
    expect(await soon()).toContain("attach a1 w1=10.0.0.5");
    await end();
  });

  test("that runs and is silent to the managers is told of again: it was another attachment then", async () => {
    [seen, told] = [[container()], toldOf([A1])];
    expect(await soon()).toContain("a1 is serving");
    expect(await soon()).toEqual([]);
    told = toldOf([A1], "silent");
    keeper.heard(told);
    expect(await soon()).toContain("a1 is serving");
    await end();
  });

  test("leaves no network behind in the engine once the host is on it no more", async () => {
    await soon();
    await soon();
    expect(prunes).toBe(1);
    told = { ...toldOf([]), networks: [] };
    keeper.heard(told);
    await soon();
    expect(prunes).toBe(2);
    await end();
  });

  test("that the managers will not have is taken off the network, and nothing else is done to it", async () => {
    refusal = new PermissionDeniedError("network app not manually attachable");
    seen = [container({ pid: 0 })];
    expect(await soon()).toEqual(["disconnect c1 skep-w1"]);
    await end();
  });

  test.each([
    ["engine", false, undefined],
    ["manager", true, new EngineUnavailableError("nobody leads")],
  ])("is seen to once the %s is back", async (_who, isThere, trouble) => {
    [isEngineThere, refusal] = [isThere, trouble];
    [seen, told] = [[container()], toldOf([A1])];
    expect(await soon()).toEqual([]);
    [isEngineThere, refusal] = [true, undefined];
    await clock.advance(10_000);
    expect(done).toContain("a1 is serving");
    await end();
  });

  test("cannot be attached where the managers say no", async () => {
    refusal = new NotFoundError("network", "nosuch");
    const names = { resolvers: [], search: [], options: [] };
    const wish = { id: A1, containerName: "web", networks: [] };
    await expect(keeper.attach(wish, names, stop.signal)).rejects.toThrow("nosuch not found");
    await end();
  });
});

test("news of tasks alone are no reason to look", async () => {
  await soon();
  done = [];
  let looks = 0;
  const node = toldOf([A1]);
  Object.defineProperty(keeper, "look", { value: () => looks++ });
  keeper.heard(node);
  keeper.heard({ ...node, ports: [] });
  expect(looks).toBe(1);
  keeper.heard(toldOf([]));
  expect(looks).toBe(2);
  await end();
});
