import { expect, test } from "vitest";

import { speaksUdp } from "./udp-sockets.js";

const HEAD =
  "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
const IPV6_ANY = "00000000000000000000000000000000:1F90";

test.each([
  { what: "nobody", sockets: [], speaks: false },
  { what: "the engine's resolver", sockets: ["0B00007F:9A3C"], speaks: false },
  { what: "a server", sockets: ["0B00007F:9A3C", "00000000:0035"], speaks: true },
  { what: "a client", sockets: ["0500FA0A:C001"], speaks: true },
  { what: "a server on IPv6", sockets: [IPV6_ANY], speaks: true },
])("$what: $speaks", ({ sockets, speaks }) => {
  const lines = sockets.map((local) => `  112: ${local} 00000000:0000 07 00000000:00000000 00:0`);
  expect(speaksUdp(HEAD + lines.join("\n"))).toBe(speaks);
});
