import fc from "fast-check";
import { expect, test } from "vitest";

import { presentTable } from "./nft-present.js";
import {
  changeTable,
  type NftChain,
  type NftSet,
  type NftTable,
  presentForm,
  type PresentTable,
  replaceTable,
} from "./nft-table.js";

/** As the kernel takes commands, one after the other, and as strict. */
class NaiveTable {
  readonly sets = new Map<string, Map<string, string>>();
  readonly chains = new Map<string, string[]>();

  static of({ sets, chains }: PresentTable): NaiveTable {
    const table = new NaiveTable();
    for (const [name, elements] of sets) table.sets.set(name, new Map(elements));
    for (const [name, rules] of chains) table.chains.set(name, [...rules]);
    return table;
  }

  run(text: string): this {
    for (const line of text.split("\n").filter((one) => one !== "")) this.#command(line);
    return this;
  }

  #command(line: string): void {
    const [verb, kind, , , name = "", ...rest] = line.split(" ");
    const body = rest.join(" ");
    switch (`${verb} ${kind}`) {
      case "add set":
      case "add map":
        this.sets.set(name, new Map());
        return;
      case "add chain":
        this.chains.set(name, []);
        return;
      case "add rule":
        this.#chain(name).push(/comment "(\w+)"$/.exec(body)?.[1] ?? "");
        return;
      case "flush chain":
        this.#chain(name).length = 0;
        return;
      case "delete chain":
        expect(this.#chain(name)).toEqual([]);
        expect(this.#targets()).not.toContain(name);
        this.chains.delete(name);
        return;
      case "delete set":
        expect(this.sets.delete(name)).toBe(true);
        return;
      case "add element":
        for (const element of body.slice(2, -2).split(", ")) this.#add(name, element);
        return;
      case "delete element":
        for (const key of body.slice(2, -2).split(", ")) {
          expect(this.sets.get(name)?.delete(key), line).toBe(true);
        }
        return;
      default:
        throw new Error(line);
    }
  }

  #add(name: string, element: string): void {
    const [key = "", value = ""] = element.split(" : ");
    const set = this.sets.get(name) ?? new Map<string, string>();
    expect(set.has(key), `${name} ${key}`).toBe(false);
    if (value.startsWith("goto ")) expect([...this.chains.keys()]).toContain(value.slice(5));
    set.set(key, value);
  }

  #chain(name: string): string[] {
    const chain = this.chains.get(name);
    if (chain === undefined) throw new Error(`no chain ${name}`);
    return chain;
  }

  #targets(): string[] {
    const values = [...this.sets.values()].flatMap((set) => [...set.values()]);
    return values.map((value) => value.replace("goto ", ""));
  }
}

const chainNames = ["c1", "c2", "c3"];
const arbitraryTable: fc.Arbitrary<NftTable> = fc
  .record({
    chains: fc.dictionary(
      fc.constantFrom(...chainNames),
      fc.array(fc.constantFrom("accept", "drop", "return"), { maxLength: 3 }),
    ),
    verdicts: fc.dictionary(fc.constantFrom("1", "2", "3"), fc.constantFrom(...chainNames)),
    members: fc.uniqueArray(fc.constantFrom("a", "b", "c")),
  })
  .map(({ chains, verdicts, members }) => {
    const led = Object.entries(verdicts).filter(([, chain]) => chain in chains);
    const map: NftSet = {
      kind: "map",
      definition: "type mark : verdict",
      elements: new Map(led.map(([key, chain]) => [key, `goto ${chain}`])),
    };
    const set: NftSet = {
      kind: "set",
      definition: "type mark",
      elements: new Map(members.map((key) => [key, ""])),
    };
    return {
      family: "ip",
      name: "t",
      sets: new Map(
        members.length === 0
          ? [["map", map]]
          : [
              ["map", map],
              ["set", set],
            ],
      ),
      chains: new Map(
        Object.entries(chains).map(([name, rules]): [string, NftChain] => [
          name,
          { hook: "", rules },
        ]),
      ),
    };
  });

test("a change leads from any table to any other, and twice is once", () => {
  fc.assert(
    fc.property(arbitraryTable, arbitraryTable, (before, after) => {
      const present = presentForm(before);
      const changed = NaiveTable.of(present).run(changeTable(present, after));
      expect(NaiveTable.of(presentForm(after))).toEqual(changed);
      expect(changeTable(presentForm(after), after)).toBe("");
    }),
  );
});

test("a small change is a small file", () => {
  const table = (backends: readonly string[]): NftTable => ({
    family: "ip",
    name: "t",
    sets: new Map([
      [
        "m",
        {
          kind: "map",
          definition: "type ipv4_addr : ipv4_addr",
          elements: new Map(backends.map((backend, i) => [`10.0.0.${i}`, backend])),
        },
      ],
    ]),
    chains: new Map([["c", { hook: "", rules: ["accept"] }]]),
  });
  const before = presentForm(table(["a", "b", "c"]));
  expect(changeTable(before, table(["a", "x", "c"]))).toBe(
    "delete element ip t m { 10.0.0.1 }\nadd element ip t m { 10.0.0.1 : x }\n",
  );
});

test("a rule that somebody added or took away is a difference", () => {
  const wanted: NftTable = {
    family: "ip",
    name: "t",
    sets: new Map(),
    chains: new Map([["c", { hook: "", rules: ["accept"] }]]),
  };
  const added = { chain: "c", expr: [{ drop: null }] };
  const own = { chain: "c", comment: presentForm(wanted).chains.get("c")?.[0] };
  const listing = (rules: readonly object[]): unknown => ({
    nftables: [{ chain: { name: "c" } }, ...rules.map((rule) => ({ rule }))],
  });
  expect(changeTable(presentTable(listing([own])), wanted)).toBe("");
  expect(changeTable(presentTable(listing([own, added])), wanted)).toMatch(/^flush chain ip t c\n/);
  expect(changeTable(presentTable(listing([])), wanted)).toMatch(/^add rule ip t c accept comment/);
});

test("a whole table takes the place of whatever is there", () => {
  const table: NftTable = { family: "ip", name: "t", sets: new Map(), chains: new Map() };
  expect(replaceTable(table)).toBe("add table ip t\ndelete table ip t\nadd table ip t\n");
});

test("elements are read as nft writes them", () => {
  const listing = {
    nftables: [
      { metainfo: { version: "1.0.6" } },
      {
        map: {
          name: "ports",
          map: "verdict",
          elem: [[{ concat: ["tcp", 8080] }, { goto: { target: "tcp_8080" } }]],
        },
      },
      { set: { name: "inside", elem: [{ prefix: { addr: "127.0.0.0", len: 8 } }] } },
      { set: { name: "empty" } },
    ],
  };
  const { sets } = presentTable(listing);
  expect([...(sets.get("ports") ?? [])]).toEqual([["tcp . 8080", "goto tcp_8080"]]);
  expect([...(sets.get("inside") ?? [])]).toEqual([["127.0.0.0/8", ""]]);
  expect(sets.get("empty")?.size).toBe(0);
});
