import { expect, test } from "vitest";

import { droppedByTables, droppedSince } from "./full-tables.js";

const ARP = "/proc/net/stat/arp_cache";
const CONNECTIONS = "/proc/net/stat/nf_conntrack";

/** As `grep -H` prints them, the columns that do not matter left out. */
function shown(neighbours: readonly string[], connections: readonly string[]): string[] {
  return [
    `${ARP}:entries  allocs   table_fulls`,
    ...neighbours.map((fulls) => `${ARP}:0000000e 0000eb81 ${fulls}`),
    `${CONNECTIONS}:entries  drop early_drop`,
    ...connections.map((drop) => `${CONNECTIONS}:00000322 ${drop} 00000000`),
  ];
}

test("what tables dropped is counted over all processors", () => {
  expect(droppedByTables(shown(["00000068", "0000005e"], ["00000000", "0000000a"]))).toEqual([
    {
      table: "neighbours (IPv4)",
      dropped: 0x68 + 0x5e,
      setting: "net.ipv4.neigh.default.gc_thresh3",
    },
    { table: "connections", dropped: 10, setting: "net.netfilter.nf_conntrack_max" },
  ]);
});

test("only what was dropped since the look before is told", () => {
  const before = droppedByTables(shown(["00000001"], ["00000000"]));
  expect(droppedSince(before, before)).toEqual([]);
  expect(droppedSince([], before)).toEqual([]);
  const now = droppedByTables(shown(["00000009"], ["00000000"]));
  expect(droppedSince(before, now)).toMatchObject([{ table: "neighbours (IPv4)", dropped: 8 }]);
});
