import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Issuer, newJoinTokens } from "../manager/ca/issuer.js";
import { createMemoryStore } from "../manager/store/memory-store.js";
import type { Store } from "../manager/store/store.js";
import { completeSwarmSpec } from "../shared/docker-api/defaults.js";
import { ClusterError } from "../shared/errors/cluster-error.js";
import type { JoinTokens } from "../shared/model/cluster.js";
import type { Clock } from "../shared/ports/clock.js";
import { silentLogger } from "../shared/ports/logger.js";
import { seededRandom } from "../shared/ports/random.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { ISSUE } from "../shared/rpc/ca-rpc.js";
import { RpcClient } from "../shared/rpc/channel.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import type { AskRenewal, NodeIdentity } from "./identity.js";
import { initIdentity, joinCluster, loadIdentity } from "./identity.js";

const random = systemRandom();
let folder: string;
const closers: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-identity-"));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) close();
  await rm(folder, { recursive: true });
});

interface Manager {
  readonly address: string;
  readonly store: Store;
  readonly identity: NodeIdentity;
  readonly tokens: JoinTokens;
}

/** One manager of a new cluster: its store, and its certificate authority on a port of its own. */
async function manager(name: string): Promise<Manager> {
  const { identity, authority } = await initIdentity({
    dataDir: join(folder, name),
    clock: systemClock,
    random,
  });
  const { store } = createMemoryStore({ clock: systemClock });
  const tokens = newJoinTokens(authority, random);
  await store.update((tx) => {
    const times = { version: 0, createdAtMs: 0, updatedAtMs: 0 };
    const spec = completeSwarmSpec({});
    const { clusterId: id } = identity.node;
    tx.apply({
      kind: "create-cluster",
      cluster: { id, ...times, spec, authority, joinTokens: tokens, epoch: 0 },
    });
  });
  const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
  new Issuer({ store, clock: systemClock, random, logger: silentLogger }).serveOn(server);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  closers.push(() => {
    server.close();
  });
  return { address: `127.0.0.1:${port}`, store, identity, tokens };
}

function joining(options: { address: string; token: string }): Promise<NodeIdentity> {
  return joinCluster({
    address: options.address,
    token: options.token,
    dataDir: join(folder, "joining"),
    availability: "active",
    clock: systemClock,
    signal: AbortSignal.timeout(10_000),
  });
}

function askOver(manager: Manager, identity: NodeIdentity): AskRenewal {
  return async (request) => {
    const trust = { kind: "member", identity } as const;
    const client = new RpcClient({ address: manager.address, trust, clock: systemClock });
    try {
      return await client.call(ISSUE, request);
    } finally {
      client.close();
    }
  };
}

async function refusal(joining: Promise<unknown>): Promise<ClusterError> {
  const error: unknown = await joining.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ClusterError);
  return error as ClusterError;
}

describe("on disk", () => {
  test("an identity is found again after a restart, and nobody else can read its key", async () => {
    const { identity } = await manager("first");
    const found = await loadIdentity(join(folder, "first"));
    expect(found?.current).toEqual(identity.current);
    expect(found?.node.role).toBe("manager");
    const certificates = join(folder, "first", "certificates");
    expect((await stat(join(certificates, "node.pem"))).mode & 0o777).toBe(0o600);
    expect((await readdir(certificates)).sort()).toEqual(["node.pem", "root.pem"]);
  });

  test("a host in no cluster has none", async () => {
    expect(await loadIdentity(join(folder, "nothing"))).toBeUndefined();
  });

  test.each([
    ["node.pem", "holds no private key and certificate"],
    ["root.pem", "is missing"],
  ])("a damaged %s is named", async (file, complaint) => {
    await manager("first");
    const path = join(folder, "first", "certificates", file);
    if (file === "root.pem") await rm(path);
    else await writeFile(path, "nonsense");
    await expect(loadIdentity(join(folder, "first"))).rejects.toThrow(`${path} ${complaint}`);
  });
});

describe("joining", () => {
  test("with a worker's token makes a worker", async () => {
    const { address, store, identity, tokens } = await manager("first");
    const joined = await joining({ address, token: tokens.worker });
    expect(joined.node).toMatchObject({ role: "worker", clusterId: identity.node.clusterId });
    expect(store.committed.node(joined.node.nodeId)).toMatchObject({
      spec: { Role: "worker", Availability: "active", Name: "", Labels: {} },
      status: { state: "unknown", address: "127.0.0.1" },
    });
    expect((await loadIdentity(join(folder, "joining")))?.node).toEqual(joined.node);
  });

  test("with the managers' token makes a manager", async () => {
    const { address, store, tokens } = await manager("first");
    const { node } = await joining({ address, token: tokens.manager });
    expect(node.role).toBe("manager");
    expect(store.committed.nodes()).toMatchObject([{ id: node.nodeId, spec: { Role: "manager" } }]);
  });

  test("with another cluster's token is given up before anything is sent", async () => {
    const [first, second] = await Promise.all([manager("first"), manager("second")]);
    const error = await refusal(joining({ address: first.address, token: second.tokens.worker }));
    expect(error.code).toBe("permission-denied");
    expect(error.message).toContain(`the manager at ${first.address} is of another cluster`);
    expect(first.store.committed.nodes()).toEqual([]);
    expect(await loadIdentity(join(folder, "joining"))).toBeUndefined();
  });

  test("with a rotated token is refused, with the new one it works", async () => {
    const { address, store, tokens } = await manager("first");
    const fresh = newJoinTokens(store.committed.cluster()!.authority, random).worker;
    await store.update((tx) => {
      tx.apply({ kind: "update-cluster", joinTokens: { ...tokens, worker: fresh } });
    });
    const error = await refusal(joining({ address, token: tokens.worker }));
    expect(error.code).toBe("permission-denied");
    expect(error.message).toContain("it was rotated, or not copied right");
    expect((await joining({ address, token: fresh })).node.role).toBe("worker");
  });

  test("with a token that was copied badly fails without a call", async () => {
    const error = await refusal(joining({ address: "127.0.0.1:1", token: "SWMTKN-1-abc" }));
    expect(error.code).toBe("invalid-argument");
  });

  test("names an address where nobody answers", async () => {
    const { tokens } = await manager("first");
    const error = await refusal(joining({ address: "127.0.0.1:1", token: tokens.worker }));
    expect(error.code).toBe("unavailable");
    expect(error.message).toBe(
      "cannot join through 127.0.0.1:1: connection refused: nobody listens there",
    );
  });
});

describe("renewal", () => {
  test("keeps the node's id, changes its key, and takes up a new role", async () => {
    const first = await manager("first");
    const joined = await joining({ address: first.address, token: first.tokens.worker });
    const { nodeId } = joined.node;
    const before = joined.current;
    await first.store.update((tx) => {
      tx.apply({ kind: "update-node", nodeId, spec: { Role: "manager", Availability: "active" } });
    });
    let told = 0;
    joined.onRenewed(() => told++);
    await joined.renew(askOver(first, joined));
    expect(joined.node).toMatchObject({ nodeId, role: "manager" });
    expect(joined.current.keyPem).not.toBe(before.keyPem);
    expect(told).toBe(1);
    expect((await loadIdentity(join(folder, "joining")))?.current).toEqual(joined.current);
  });

  test("is refused to a node that was removed, and to nobody in particular", async () => {
    const first = await manager("first");
    const joined = await joining({ address: first.address, token: first.tokens.worker });
    const { nodeId } = joined.node;
    await first.store.update((tx) => {
      tx.apply({ kind: "remove-node", nodeId });
    });
    const error = await refusal(joined.renew(askOver(first, joined)));
    expect([error.code, error.message]).toEqual(["not-found", `node ${nodeId} not found`]);
    const trust = { kind: "root", rootPem: joined.current.rootPem } as const;
    const stranger = new RpcClient({ address: first.address, trust, clock: systemClock });
    expect((await refusal(stranger.call(ISSUE, { csrPem: "" }))).code).toBe("unauthenticated");
    stranger.close();
  });

  test("comes between half and four fifths of the life, and again after a failure", async () => {
    const clock = hurriedClock(Date.UTC(2026, 0, 1));
    const dataDir = join(folder, "first");
    const { identity } = await initIdentity({ dataDir, clock, random });
    const { validFromMs, validUntilMs } = identity.node;
    const askedAtMs: number[] = [];
    const stop = new AbortController();
    const run = identity.keepFresh({
      ask: async () => {
        askedAtMs.push(clock.wallMs());
        if (askedAtMs.length === 3) stop.abort();
        throw new TypeError("no manager answers");
      },
      clock,
      random: seededRandom("renewal"),
      logger: silentLogger,
      signal: stop.signal,
    });
    await run;
    const [firstMs = 0, secondMs = 0] = askedAtMs;
    const part = (firstMs - validFromMs) / (validUntilMs - validFromMs);
    expect(part).toBeGreaterThanOrEqual(0.5);
    expect(part).toBeLessThanOrEqual(0.801);
    expect(secondMs - firstMs).toBe(60_000);
    expect(identity.node.validUntilMs).toBe(validUntilMs);
  });
});

describe("a certificate of the future, made while a clock was ahead", () => {
  test("is renewed at once", async () => {
    const made = Date.UTC(2026, 0, 1);
    const dataDir = join(folder, "first");
    const { identity } = await initIdentity({ dataDir, clock: hurriedClock(made), random });
    const stop = new AbortController();
    let asked = 0;
    await identity.keepFresh({
      ask: () => {
        asked += 1;
        stop.abort();
        return Promise.reject(new TypeError("not now"));
      },
      clock: hurriedClock(made - 24 * 3_600_000),
      random: seededRandom("renewal"),
      logger: silentLogger,
      signal: stop.signal,
    });
    expect(asked).toBe(1);
  });
});

/** A clock on which sleeping takes no time, and yet passes. */
function hurriedClock(startMs: number): Clock {
  let passedMs = 0;
  return {
    nowMs: () => passedMs,
    wallMs: () => startMs + passedMs,
    after: () => ({ cancel: () => undefined }),
    sleep: async (delayMs, signal) => {
      signal.throwIfAborted();
      passedMs += delayMs;
    },
  };
}
