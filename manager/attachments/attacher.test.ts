import { beforeEach, describe, expect, test } from "vitest";

import type { NetworkId, NodeId, TaskId } from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import type { WantedNetwork } from "../../shared/rpc/attachments-rpc.js";
import { sampleNode } from "../../test/samples/objects.js";
import { sampleNetwork } from "../../test/store/samples.js";
import { Allocator } from "../allocator/allocator.js";
import { LatelyFreed } from "../allocator/core/lately-freed.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { Attacher } from "./attacher.js";

const N1 = "host1" as NodeId;
const A1 = "a1" as TaskId;
/** Addresses of a /29 beside the user's gateway. */
const SMALL = [{ cidr: "10.9.0.0/29", gateway: "10.9.0.1" }];

let clock: ManualClock;
let store: Store;
let attacher: Attacher;
let allocator: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  ({ store } = createMemoryStore({ clock }));
  attacher = new Attacher({ store, clock, logger: silentLogger });
  const attachable = (name: string) => ({ Name: name, Driver: "overlay", Attachable: true });
  await store.update((tx) => {
    for (const id of [N1, "host2" as NodeId])
      tx.apply({ kind: "create-node", node: sampleNode({ id, networkPlugins: ["overlay"] }) });
    const app = sampleNetwork("app", { subnets: SMALL, spec: attachable("app") });
    tx.apply({ kind: "create-network", network: app });
    const subnets = [{ cidr: "10.9.1.0/24" }];
    const back = sampleNetwork("back", { vni: 4_097, subnets, spec: attachable("back") });
    tx.apply({ kind: "create-network", network: back });
  });
  allocator = new AbortController();
  void new Allocator({ store, clock, freed: new LatelyFreed(), logger: silentLogger }).run(
    allocator,
  );
  await clock.advance(1);
});

const on = (target: string, ...wanted: string[]): WantedNetwork => ({
  target,
  aliases: [],
  wanted,
});

async function attach(id: string, networks: readonly WantedNetwork[], nodeId = N1) {
  const asked = attacher.attach({ id: id as TaskId, containerName: id, networks }, nodeId);
  const answer = asked.then(
    ({ networks: given }) => given.map(({ name, addresses }) => `${name} ${addresses.join()}`),
    (error: unknown) => (error as Error).message,
  );
  await clock.advance(10);
  return await answer;
}

const addressesOf = (id: string) =>
  store.committed.attachment(id as TaskId)?.addresses?.flatMap(({ addresses }) => addresses);

describe("an attachment", () => {
  test("gets its addresses, and its node one of its own on the network", async () => {
    expect(await attach("a1", [on("app")])).toEqual(["app 10.9.0.2"]);
    expect(store.committed.node(N1)?.gateways?.[0]?.addresses).toEqual(["10.9.0.3"]);
  });

  test("that is said again has what it had", async () => {
    await attach("a1", [on("app")]);
    const { sequence } = store.committed;
    expect(await attach("a1", [on("app")])).toEqual(["app 10.9.0.2"]);
    expect(store.committed.sequence).toBe(sequence);
  });

  test("may be on further networks, and keeps its address on the first", async () => {
    await attach("a1", [on("app")]);
    const both = await attach("a1", [on("back", "10.9.1.77")]);
    expect(both).toEqual(["app 10.9.0.2", "back 10.9.1.77"]);
  });

  test.each([
    ["a network that is not there", on("nosuch"), "network nosuch not found"],
    [
      "a foreign address",
      on("app", "10.7.0.5"),
      "does not belong to any of this network's subnets",
    ],
    ["the gateway", on("app", "10.9.0.1"), "Address already in use"],
    ["its host's address", on("back", "10.9.1.300"), "does not belong"],
  ])("is refused %s, and nothing is left of it", async (_what, wish, words) => {
    expect(await attach("a1", [wish])).toContain(words);
    expect(store.committed.attachments()).toEqual([]);
  });

  test("keeps what it has where more cannot be had", async () => {
    await attach("a1", [on("back")]);
    expect(await attach("a1", [on("app", "10.9.0.1")])).toContain("already in use");
    expect(addressesOf("a1")).toEqual(["10.9.1.1"]);
    expect(store.committed.attachment(A1)?.networks).toHaveLength(1);
  });

  test("is told which subnet is full, and what was let go rests for a minute", async () => {
    const taken = [];
    for (const id of ["a1", "a2", "a3", "a4"]) taken.push(await attach(id, [on("app")]));
    expect(taken).toEqual(["2", "4", "5", "6"].map((end) => [`app 10.9.0.${end}`]));
    expect(await attach("a5", [on("app")])).toContain("network app is full");
    await store.update((tx) => tx.apply({ kind: "remove-attachment", attachmentId: A1 }));
    await clock.advance(10);
    expect(await attach("a5", [on("app")])).toContain("network app is full");
    expect(await attach("a6", [on("app", "10.9.0.2")])).toEqual(["app 10.9.0.2"]);
    await store.update((tx) =>
      tx.apply({ kind: "remove-attachment", attachmentId: "a6" as TaskId }),
    );
    await clock.advance(61_000);
    expect(await attach("a5", [on("app")])).toEqual(["app 10.9.0.2"]);
  });

  test("waits no longer than the allocator should take", async () => {
    allocator.abort();
    await clock.advance(1);
    const asked = attach("a1", [on("app")]);
    await clock.advance(6_000);
    expect(await asked).toContain("no addresses were given");
    expect(store.committed.attachments()).toEqual([]);
  });

  test("is its node's alone", async () => {
    await attach("a1", [on("app")]);
    expect(await attach("a1", [on("back")], "host2" as NodeId)).toContain("of another node");
    expect(store.committed.network("app".padEnd(25, "z") as NetworkId)).toBeDefined();
  });
});
