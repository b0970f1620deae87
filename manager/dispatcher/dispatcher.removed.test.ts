import { afterEach, beforeEach, expect, test } from "vitest";

import { DispatcherWorld } from "../../test/dispatcher-world.js";

let world: DispatcherWorld;

beforeEach(async () => {
  world = await DispatcherWorld.start();
});

afterEach(async () => {
  await world.stop();
});

test("a node that was removed hears that, at once and whenever it comes back", async () => {
  const id = await world.node();
  const agent = world.agent(id);
  agent.hello();
  const { fence } = await world.soon(agent.next("welcome"));
  await world.apply({ kind: "remove-node", nodeId: id });
  const removed = await world.soon(agent.next("removed"));
  expect(removed.fence).toEqual({ ...fence, sequence: world.view.sequence });
  const back = world.agent(id);
  back.hello({ fence });
  expect(await world.soon(back.next("removed"))).toEqual(removed);
  expect(await world.soon(back.end())).toMatchObject({ code: "failed-precondition" });
});

test.each([
  ["another epoch", { epoch: 2, term: 7, sequence: 1 }],
  ["a later history", { epoch: 3, term: 1, sequence: 1_000_000 }],
  ["none, for it was never told anything", { epoch: 0, term: 0, sequence: 0 }],
])("a node of %s, which a restored backup may not know, is not told that", async (_case, fence) => {
  const id = await world.node();
  await world.apply({ kind: "remove-node", nodeId: id });
  const agent = world.agent(id);
  agent.hello({ fence });
  expect(await world.soon(agent.end())).toMatchObject({ code: "not-found" });
});

test("a node is known by the address that its host names, else by where it comes from", async () => {
  const id = await world.node();
  const agent = world.agent(id);
  agent.hello({ address: "192.0.2.2" });
  await world.soon(agent.next("welcome"));
  expect(world.view.node(id)?.status.address).toBe("192.0.2.2");
  agent.send({ kind: "description", description: { Hostname: "renamed" } });
  await world.until((view) => view.node(id)?.description?.Hostname === "renamed");
  expect(world.view.node(id)?.status.address).toBe("192.0.2.2");
  const back = world.agent(id);
  back.hello();
  await world.soon(back.next("welcome"));
  expect(world.view.node(id)?.status.address).toBe("127.0.0.1");
});
