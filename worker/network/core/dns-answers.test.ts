import fc from "fast-check";
import { expect, test } from "vitest";

import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { NodeNetworks } from "../../../shared/model/node-networks.js";
import { HOSTS, serviceOf, type TestNetwork, toldTo } from "../../../test/network/two-hosts.js";
import { type NameAnswer, NameIndex } from "./dns-answers.js";
import { type Asker, nameState } from "./dns-state.js";

const NODE = HOSTS[0].nodeId;
const PROGRAMMED = { namespace: "programmed", resolvers: [] } as const;

function taskOn(net: string, host: number, name: string): TestNetwork["tasks"][number] {
  return { taskId: name as TaskId, nodeId: NODE, address: `${net}.${host}` };
}

const FRONT: TestNetwork = {
  name: "Front",
  vni: 4097,
  kind: "overlay",
  net: "10.250.1",
  tasks: [taskOn("10.250.1", 5, "web.1"), taskOn("10.250.1", 6, "db.1")],
  services: [
    serviceOf("web", "10.250.1.2", ["10.250.1.5"]),
    { ...serviceOf("db", "", ["10.250.1.6", "10.250.1.7"]), vips: [], aliases: ["Data", "web"] },
    { ...serviceOf("idle", "", []), vips: [] },
  ],
};
const BACK: TestNetwork = {
  name: "back",
  vni: 4098,
  kind: "overlay",
  net: "10.250.2",
  tasks: [taskOn("10.250.2", 6, "db.1"), taskOn("10.250.2", 9, "secret.1")],
  services: [serviceOf("secret", "10.250.2.2", ["10.250.2.9"]), serviceOf("web", "10.250.2.3", [])],
};
const TOLD = toldTo(NODE, [FRONT, BACK]);

function indexOf(
  told: NodeNetworks,
  tasks: readonly (readonly [string, Pick<Asker, "namespace" | "resolvers">])[],
): NameIndex {
  return new NameIndex(nameState(told, new Map(tasks as readonly [TaskId, never][])));
}

const INDEX = indexOf(TOLD, [
  ["web.1", PROGRAMMED],
  ["db.1", { namespace: "programmed", resolvers: ["192.0.2.53"] }],
]);
const WEB = "10.250.1.5";
const DB = "10.250.2.6";

function addresses(...list: string[]): NameAnswer {
  return { kind: "addresses", addresses: list };
}

test.each([
  ["a service", WEB, "web", "A", addresses("10.250.1.2")],
  ["whatever its case", WEB, "WEB", "A", addresses("10.250.1.2")],
  ["its tasks", WEB, "tasks.web", "A", addresses("10.250.1.5")],
  [
    "a service without an address of its own",
    WEB,
    "db",
    "A",
    addresses("10.250.1.6", "10.250.1.7"),
  ],
  ["an alias", WEB, "data", "A", addresses("10.250.1.6", "10.250.1.7")],
  ["a task", WEB, "db.1", "A", addresses("10.250.1.6")],
  ["with its network", WEB, "web.front", "A", addresses("10.250.1.2")],
  ["with another of the asker's networks", DB, "web.back", "A", addresses("10.250.2.3")],
  ["on the first of several networks", DB, "web", "A", addresses("10.250.1.2")],
  ["a service without tasks", WEB, "idle", "A", { kind: "nothing" }],
  ["another type", WEB, "web", "AAAA", { kind: "nothing" }],
  ["the way back", WEB, "2.1.250.10.in-addr.arpa", "PTR", { kind: "pointer", name: "web.Front" }],
  ["a name that is not ours", WEB, "example.org", "A", { kind: "forward", resolvers: [] }],
  ["one of another network", WEB, "secret", "A", { kind: "forward", resolvers: [] }],
  [
    "one of another network by its whole name",
    WEB,
    "secret.back",
    "A",
    { kind: "forward", resolvers: [] },
  ],
  [
    "the way back into another network",
    WEB,
    "2.2.250.10.in-addr.arpa",
    "PTR",
    { kind: "forward", resolvers: [] },
  ],
  [
    "by the asker's own resolvers",
    DB,
    "example.org",
    "A",
    { kind: "forward", resolvers: ["192.0.2.53"] },
  ],
  ["what objects have of themselves", WEB, "constructor", "A", { kind: "forward", resolvers: [] }],
  ["of somebody unknown", "10.250.1.99", "web", "A", { kind: "wait" }],
] as const)("answers for %s", (_what, from, name, type, answer) => {
  expect(INDEX.answer(from, { name, type }, 0)).toEqual(answer);
});

test("addresses come in turn", () => {
  const asked = [0, 1, 2].map((turn) => INDEX.answer(WEB, { name: "db", type: "A" }, turn));
  expect(asked).toEqual([
    addresses("10.250.1.6", "10.250.1.7"),
    addresses("10.250.1.7", "10.250.1.6"),
    addresses("10.250.1.6", "10.250.1.7"),
  ]);
});

test("before its namespace is programmed, a task hears nothing", () => {
  const index = indexOf(TOLD, [["web.1", { namespace: "bare", resolvers: [] }]]);
  expect(index.answer(WEB, { name: "web", type: "A" }, 0)).toEqual({ kind: "wait" });
});

test("a task that does not serve has no name", () => {
  const networks = TOLD.networks.map((network) => ({
    ...network,
    endpoints: network.endpoints.map((one) => ({ ...one, state: "silent" as const })),
  }));
  const index = indexOf({ ...TOLD, networks }, [["web.1", PROGRAMMED]]);
  expect(index.answer(WEB, { name: "db.1", type: "A" }, 0).kind).toBe("forward");
});

test("for any networks, no answer names an address of a network that the asker is not on", () => {
  const names = ["a", "b", "c"];
  const services = fc.array(
    fc.record({ name: fc.constantFrom(...names), host: fc.integer({ min: 2, max: 9 }) }),
    { maxLength: 4 },
  );
  const networks = fc.array(fc.record({ services, members: fc.subarray(["t1", "t2"]) }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(networks, (some) => {
      const told = toldTo(
        NODE,
        some.map(({ services: list, members }, i) => {
          const net = `10.250.${i}`;
          return {
            name: `net${i}`,
            vni: 4096 + i,
            kind: "overlay" as const,
            net,
            tasks: members.map((name, at) => taskOn(net, 100 + at, name)),
            services: list.map(({ name, host }) => {
              return { ...serviceOf(name, `${net}.${host}`, []), serviceId: name as ServiceId };
            }),
          };
        }),
      );
      const index = indexOf(told, [
        ["t1", PROGRAMMED],
        ["t2", PROGRAMMED],
      ]);
      for (const asker of ["t1", "t2"]) {
        const own = some.flatMap(({ members }, i) =>
          members.includes(asker) ? [`10.250.${i}.`] : [],
        );
        for (const net of own) {
          const from = `${net}${asker === "t1" || !some[Number(net.split(".")[2])]?.members.includes("t1") ? 100 : 101}`;
          for (const name of [...names, ...names.map((one) => `${one}.net0`), "t1", "t2"]) {
            const answer = index.answer(from, { name, type: "A" }, 0);
            for (const address of answer.kind === "addresses" ? answer.addresses : []) {
              expect(own.some((prefix) => address.startsWith(prefix))).toBe(true);
            }
          }
        }
      }
    }),
  );
});
