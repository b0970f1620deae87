import { expect, test } from "vitest";

import { hintsAtForwarding, hintsAtLinks } from "./monitored-entries.js";
import type { OverlayState } from "./overlay-state.js";

const WANTED: OverlayState = {
  bridges: new Map(),
  tunnels: new Map(),
  forwarding: new Map([["skvx4097", new Map([["02:42:0a:f0:00:01", "192.0.2.2"]])]]),
  neighbours: new Map([["skvx4097", new Map([["10.240.0.1", "02:42:0a:f0:00:01"]])]]),
  strays: [],
};

test.each([
  { line: "[NEIGH]10.240.0.1 dev skvx4097 lladdr 02:42:0a:f0:00:01 PERMANENT ", hint: false },
  { line: "[NEIGH]10.240.0.1 dev skvx4097 lladdr 02:42:0a:f0:00:02 PERMANENT ", hint: true },
  { line: "[NEIGH]10.240.0.9 dev skvx4097 lladdr 02:42:0a:f0:00:02 PERMANENT ", hint: true },
  { line: "[NEIGH]10.240.0.1 dev skvx4097 FAILED ", hint: false },
  { line: "[NEIGH]Deleted 10.240.0.1 dev skvx4097 FAILED ", hint: true },
  { line: "[NEIGH]Deleted 10.240.0.9 dev skvx4097 FAILED ", hint: false },
  { line: "[NEIGH]192.0.2.9 dev skvx4097 lladdr 02:42:0a:f0:00:01 REACHABLE NOARP ", hint: false },
  { line: "[NEIGH]10.240.0.5 dev skep4097 lladdr 02:42:0a:f0:00:05 STALE ", hint: false },
  { line: "[NEIGH]192.0.2.2 dev eth0 lladdr 02:42:0a:f0:00:05 STALE ", hint: false },
  { line: "[LINK]Deleted 3: skvx4097: <BROADCAST> mtu 1450", hint: true },
  { line: "[ROUTE]Deleted 10.240.0.0/24 dev skep4097 proto kernel scope link", hint: true },
])("of links, $line: $hint", ({ line, hint }) => {
  expect(hintsAtLinks(`${line}\n`, WANTED)).toBe(hint);
  expect(hintsAtLinks(`[LINK]1: lo\n${line}\n`, undefined)).toBe(/skep|skvx/.test(line));
});

test.each([
  { line: "02:42:0a:f0:00:01 dev skvx4097 dst 192.0.2.2 self static", hint: false },
  { line: "02:42:0a:f0:00:01 dev skvx4097 dst 192.0.2.9 self static", hint: true },
  { line: "Deleted 02:42:0a:f0:00:01 dev skvx4097 dst 192.0.2.2 self static", hint: true },
  { line: "Deleted 02:42:0a:f0:00:09 dev skvx4097 dst 192.0.2.2 self static", hint: false },
  { line: "02:42:0a:f0:00:01 dev skep4097 master skep4097 permanent", hint: false },
])("of forwarding, $line: $hint", ({ line, hint }) => {
  expect(hintsAtForwarding(`${line}\n`, WANTED)).toBe(hint);
});
