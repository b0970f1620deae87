import { expect, test } from "vitest";

import { formatHostPort, parseHostPort } from "./host-port.js";

test.each([
  ["10.0.0.1:2377", { host: "10.0.0.1", port: 2377 }],
  ["[fe80::1]:2377", { host: "fe80::1", port: 2377 }],
  ["manager-1.example:80", { host: "manager-1.example", port: 80 }],
])("%s, there and back", (text, address) => {
  expect(parseHostPort(text)).toEqual(address);
  expect(formatHostPort(address)).toBe(text);
});
