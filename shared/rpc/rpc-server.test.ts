import { once } from "node:events";
import { connect } from "node:tls";

import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { type TestCluster, testCluster } from "../../test/identities.js";
import { NotFoundError } from "../errors/cluster-error.js";
import { silentLogger } from "../ports/logger.js";
import { systemClock } from "../ports/system-clock.js";
import type { Caller } from "./caller.js";
import { RpcClient } from "./channel.js";
import type { ClientTrust } from "./credentials.js";
import { RemoteError } from "./rpc-error.js";
import {
  type AllowedCallers,
  ANY_NODE,
  type StreamMethod,
  type UnaryMethod,
} from "./rpc-method.js";
import { RpcServer } from "./rpc-server.js";
import type { IdentitySource, TlsIdentity } from "./tls-identity.js";

const TEXT = {
  encode: (text: string) => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
};

function unary(name: string, callers: AllowedCallers): UnaryMethod<string, string> {
  return { kind: "unary", path: `/test.Test/${name}`, callers, request: TEXT, response: TEXT };
}

const FOR_ANYONE = unary("ForAnyone", "anyone");
const FOR_NODES = unary("ForNodes", ANY_NODE);
const FOR_MANAGERS = unary("ForManagers", ["manager"]);
const NOT_SERVED = unary("NotServed", "anyone");
const TALK: StreamMethod<string, string> = {
  kind: "stream",
  path: "/test.Test/Talk",
  callers: ANY_NODE,
  request: TEXT,
  response: TEXT,
};

let ours: TestCluster;
let foreign: TestCluster;
const closers: (() => void)[] = [];

beforeAll(async () => {
  [ours, foreign] = await Promise.all([testCluster(), testCluster()]);
});

afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

async function serve(identity: IdentitySource): Promise<{ server: RpcServer; port: number }> {
  const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
  closers.push(() => {
    server.close();
  });
  const describeCaller = async (request: string, caller: Caller): Promise<string> => {
    if (request === "fail") throw new NotFoundError("node", "n1");
    if (request === "bug") throw new TypeError("secret detail");
    return `${request} from ${caller.node?.nodeId ?? "nobody"}, a ${caller.node?.role ?? "stranger"} at ${caller.address}`;
  };
  for (const method of [FOR_ANYONE, FOR_NODES, FOR_MANAGERS]) server.unary(method, describeCaller);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  return { server, port };
}

function client(port: number, trust: ClientTrust): RpcClient {
  const made = new RpcClient({ address: `127.0.0.1:${port}`, trust, clock: systemClock });
  closers.push(() => {
    made.close();
  });
  return made;
}

const member = (identity: IdentitySource): ClientTrust => ({ kind: "member", identity });

async function failure(promise: Promise<unknown>): Promise<RemoteError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
}

describe("who may call what", () => {
  test("the caller is who its certificate says", async () => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const worker = await ours.certify("worker");
    expect(await client(port, member(worker.identity)).call(FOR_NODES, "hello")).toBe(
      `hello from ${worker.nodeId}, a worker at 127.0.0.1`,
    );
  });

  test("a worker may not make a manager's call, and is told so", async () => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const worker = await ours.certify("worker");
    const error = await failure(client(port, member(worker.identity)).call(FOR_MANAGERS, "hello"));
    expect(error.code).toBe("permission-denied");
    expect(error.message).toBe(
      `/test.Test/ForManagers is for a manager; node ${worker.nodeId} is a worker`,
    );
    const manager = await ours.certify("manager");
    expect(await client(port, member(manager.identity)).call(FOR_MANAGERS, "hello")).toContain(
      "a manager",
    );
  });

  test("a host without a certificate may make open calls only", async () => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const stranger = client(port, { kind: "root", rootPem: ours.authority.certificatePem });
    expect(await stranger.call(FOR_ANYONE, "hello")).toContain("nobody, a stranger");
    const error = await failure(stranger.call(FOR_NODES, "hello"));
    expect(error.code).toBe("unauthenticated");
    const stream = stranger.open(TALK);
    await expect(async () => {
      for await (const message of stream.messages) expect(message).toBe("nothing at all");
    }).rejects.toThrow(/unimplemented|method/);
  });

  test.each([
    ["of another cluster", () => foreign.certify("manager")],
    [
      "that has expired",
      () => ours.certify("worker", { issuedAtMs: Date.now() - 7_200_000, lifeMs: 3_600_000 }),
    ],
    ["that is not valid yet", () => ours.certify("worker", { issuedAtMs: Date.now() + 7_200_000 })],
  ])("a certificate %s counts as none", async (_case, certify) => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const { identity } = await certify();
    // Trusts the server's root, to see what the server thinks of the certificate.
    const mixed = { ...identity.current, rootPem: ours.authority.certificatePem };
    const caller = client(port, member({ current: mixed, onRenewed: () => () => undefined }));
    expect((await failure(caller.call(FOR_NODES, "hello"))).code).toBe("unauthenticated");
  });
});

describe("whom a client trusts", () => {
  test.each([
    ["another cluster's manager", () => foreign.certify("manager")],
    ["a worker of its own cluster", () => ours.certify("worker")],
    [
      "an expired manager",
      () => ours.certify("manager", { issuedAtMs: Date.now() - 7_200_000, lifeMs: 3_600_000 }),
    ],
  ])("not %s", async (_case, certify) => {
    const { port } = await serve((await certify()).identity);
    const worker = await ours.certify("worker");
    const error = await failure(client(port, member(worker.identity)).call(FOR_ANYONE, "hello"));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain(`127.0.0.1:${port}`);
  });
});

describe("the connection", () => {
  test.each(["TLSv1.2", "TLSv1.1"] as const)("%s is refused by the server", async (version) => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const socket = connect({
      port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: version,
      minVersion: version,
      ALPNProtocols: ["h2"],
    });
    const [error] = (await once(socket, "error")) as [Error];
    expect(error.message).toMatch(/alert protocol version|unsupported protocol|no protocols/i);
  });

  test("a renewed certificate is shown to new connections without a restart", async () => {
    const [first, second] = await Promise.all([ours.certify("manager"), ours.certify("manager")]);
    const renewable = renewableIdentity(first.identity.current);
    const { port } = await serve(renewable);
    const shown = async (): Promise<string> => {
      const socket = connect({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ALPNProtocols: ["h2"],
      });
      await once(socket, "secureConnect");
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN as string;
    };
    expect(await shown()).toBe(first.nodeId);
    renewable.renew(second.identity.current);
    expect(await shown()).toBe(second.nodeId);
  });

  test("a client shows its renewed certificate from the next call on", async () => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const [first, second] = await Promise.all([ours.certify("worker"), ours.certify("worker")]);
    const renewable = renewableIdentity(first.identity.current);
    const caller = client(port, member(renewable));
    expect(await caller.call(FOR_NODES, "hello")).toContain(first.nodeId);
    renewable.renew(second.identity.current);
    expect(await caller.call(FOR_NODES, "hello")).toContain(second.nodeId);
  });

  test("an address where nobody answers is named", async () => {
    const worker = await ours.certify("worker");
    const error = await failure(client(1, member(worker.identity)).call(FOR_NODES, "hello"));
    expect(error.code).toBe("unavailable");
    expect(error.message).toBe("127.0.0.1:1: connection refused: nobody listens there");
  });
});

describe("answers", () => {
  test("an error arrives with its code and words; a bug tells nothing", async () => {
    const { port } = await serve((await ours.certify("manager")).identity);
    const caller = client(port, member((await ours.certify("worker")).identity));
    const expected = await failure(caller.call(FOR_NODES, "fail"));
    expect([expected.code, expected.message]).toEqual(["not-found", "node n1 not found"]);
    const bug = await failure(caller.call(FOR_NODES, "bug"));
    expect([bug.code, bug.message.includes("secret")]).toEqual(["unavailable", false]);
    expect((await failure(caller.call(NOT_SERVED, "hello"))).code).toBe("unimplemented");
  });

  test("a call that is given up says so, and one that takes too long too", async () => {
    const { server, port } = await serve((await ours.certify("manager")).identity);
    const never = unary("Never", "anyone");
    server.unary(never, () => new Promise(() => undefined));
    const caller = client(port, member((await ours.certify("worker")).identity));
    await expect(caller.call(never, "wait", { signal: AbortSignal.timeout(20) })).rejects.toThrow(
      /timeout/i,
    );
    const late = await failure(caller.call(never, "wait", { timeoutMs: 20 }));
    expect(late.message).toBe(`127.0.0.1:${port}: no answer within 20 ms`);
  });
});

describe("conversations", () => {
  async function conversation(
    handler: Parameters<typeof RpcServer.prototype.stream<string, string>>[1],
  ): Promise<RpcClient> {
    const { server, port } = await serve((await ours.certify("manager")).identity);
    server.stream(TALK, handler);
    return client(port, member((await ours.certify("worker")).identity));
  }

  test("messages go both ways, and both ends end", async () => {
    const caller = await conversation(async (stream) => {
      for await (const message of stream.messages) stream.send(`${message}!`);
    });
    const stream = caller.open(TALK);
    stream.send("a");
    stream.send("b");
    const heard: string[] = [];
    for await (const message of stream.messages) {
      heard.push(message);
      if (heard.length === 2) stream.end();
    }
    expect(heard).toEqual(["a!", "b!"]);
    expect(stream.ended.aborted).toBe(true);
  });

  test("what the handler throws is the last thing that the client hears", async () => {
    const caller = await conversation(async (stream) => {
      stream.send("one");
      throw new NotFoundError("node", "n1");
    });
    const heard: string[] = [];
    const error = await failure(
      (async () => {
        for await (const message of caller.open(TALK).messages) heard.push(message);
      })(),
    );
    expect([heard, error.code]).toEqual([["one"], "not-found"]);
  });

  test("also where it was still reading, and what it sent is on its way", async () => {
    const caller = await conversation(async (stream) => {
      const messages = stream.messages[Symbol.asyncIterator]();
      await messages.next();
      void messages.next();
      stream.send("one");
      throw new NotFoundError("node", "n1");
    });
    const stream = caller.open(TALK);
    stream.send("hello");
    const heard: string[] = [];
    const error = await failure(
      (async () => {
        for await (const message of stream.messages) heard.push(message);
      })(),
    );
    expect([heard, error.code]).toEqual([["one"], "not-found"]);
  });

  test("an error that comes before anybody reads is not lost", async () => {
    const caller = await conversation(async () => {
      throw new NotFoundError("node", "n1");
    });
    const stream = caller.open(TALK);
    await once(stream.ended, "abort");
    const reading = (async () => {
      for await (const message of stream.messages) expect(message).toBe("nothing at all");
    })();
    expect((await failure(reading)).code).toBe("not-found");
  });

  test("for the handler, a client that is gone has ended like one that has finished", async () => {
    let gone: () => void = () => undefined;
    const noticed = new Promise<void>((resolve) => (gone = resolve));
    const caller = await conversation(async (stream) => {
      for await (const message of stream.messages) stream.send(message);
      gone();
    });
    const stream = caller.open(TALK);
    stream.send("a");
    for await (const message of stream.messages) {
      expect(message).toBe("a");
      break; // whoever stops reading has ended the conversation
    }
    await noticed;
  });

  test("a client that does not read shows as backlog, and is waited for", async () => {
    const big = "x".repeat(100_000);
    let counted: (backlog: number) => void = () => undefined;
    const slow = new Promise<number>((resolve) => (counted = resolve));
    const caller = await conversation(async (stream) => {
      for (let i = 0; i < 20; i++) stream.send(big);
      counted(stream.backlog);
      await stream.drained();
      stream.send("drained");
    });
    const stream = caller.open(TALK);
    expect(await slow).toBeGreaterThan(10);
    let last = "";
    for await (const message of stream.messages) last = message;
    expect(last).toBe("drained");
  });
});

function renewableIdentity(
  first: TlsIdentity,
): IdentitySource & { renew(next: TlsIdentity): void } {
  const listeners = new Set<() => void>();
  let current = first;
  return {
    get current() {
      return current;
    },
    onRenewed(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    renew(next) {
      current = next;
      for (const listener of listeners) listener();
    },
  };
}
