import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../shared/ports/logger.js";
import { seededRandom } from "../shared/ports/random.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { parseHostPort } from "../shared/rpc/host-port.js";
import { initIdentity } from "./identity.js";
import { Membership } from "./membership.js";

let dataDir: string;
let open: Membership[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "skep-membership-"));
});

afterEach(async () => {
  await Promise.all(open.map((membership) => membership.close()));
  open = [];
  await rm(dataDir, { recursive: true, force: true });
});

function membership(port = 0): Membership {
  const made = new Membership({
    dataDir,
    hostname: "host1",
    engine: "process",
    engineSocket: "",
    programPath: "",
    network: { kind: "unavailable", reason: "a test" },
    listen: { host: "127.0.0.1", port },
    advertise: undefined,
    managers: [],
    clock: systemClock,
    random: seededRandom(dataDir),
    answerRequest: () => Promise.reject(new Error("no API here")),
    logger: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
  open.push(made);
  return made;
}

test("a founded cluster is there again after a restart, at the same address", async () => {
  const first = membership();
  const nodeId = await first.init({});
  const [manager] = first.status().managers;
  const hash = first.member?.manager?.store.committed.cluster()?.id;
  await first.close();

  const second = membership();
  await second.resume();
  expect(second.status()).toMatchObject({ state: "active", role: "manager", nodeId });
  expect(second.status().managers).toEqual([manager]);
  expect(second.member?.manager?.store.committed.cluster()?.id).toBe(hash);
});

test("right after init the node is ready and has its name", async () => {
  const host = membership();
  await host.init({});
  const [node] = host.member?.manager?.store.committed.nodes() ?? [];
  expect(node?.status.state).toBe("ready");
  expect(node?.description?.Hostname).toBe("host1");
});

test("a host that cannot reach the address it advertises is ready all the same", async () => {
  const host = membership();
  await host.init({ AdvertiseAddr: "192.0.2.255:4000" }); // of a range that leads nowhere (RFC 5737)
  const [node] = host.member?.manager?.store.committed.nodes() ?? [];
  expect(node?.status.state).toBe("ready");
  expect(host.status().managers[0]?.address).toBe("192.0.2.255:4000");
});

test("what a crash on the way in left is forgotten, and the host can enter anew", async () => {
  await initIdentity({ dataDir, clock: systemClock, random: seededRandom(1) });
  const host = membership();
  await host.resume();
  expect(host.status().state).toBe("inactive");
  await host.init({});
  expect(host.status().state).toBe("active");
});

test("of two entries at once the second is refused", async () => {
  const host = membership();
  const first = host.init({});
  await expect(host.init({})).rejects.toThrow("already part of a swarm");
  await first;
  await expect(host.init({})).rejects.toThrow("already part of a swarm");
});

test("an entry that fails leaves the host as it was", async () => {
  const other = membership();
  await other.init({});
  const [manager] = other.status().managers;
  const taken = parseHostPort(manager?.address ?? "").port;
  dataDir = await mkdtemp(join(tmpdir(), "skep-membership-"));
  const host = membership(taken);
  await expect(host.init({})).rejects.toThrow(`cannot listen on 127.0.0.1:${taken}`);
  expect(host.status().state).toBe("inactive");
  expect(await readdir(dataDir)).toEqual([]);
});

test("the last manager leaves only by force, and nothing of the cluster stays", async () => {
  const host = membership();
  await host.init({});
  await expect(host.leave({ forced: false })).rejects.toThrow("Removing the last manager");
  expect(host.status().state).toBe("active");
  await host.leave({ forced: true });
  expect(host.status().state).toBe("inactive");
  expect(await readdir(dataDir)).toEqual([]);
});
