import { expect, test } from "vitest";

import { localPorts } from "./local-ports.js";

test.each([
  [undefined, "80/tcp", false],
  ["all", "80/tcp", true],
  ["8080", "8080/tcp", true],
  ["8080", "8080/udp", false],
  ["53/udp, 8080", "53/udp", true],
  ["53/udp, 8080", "8080/tcp", true],
  ["53/udp", "53/tcp", false],
])("with the label %s, whether %s keeps its clients' addresses: %s", (text, port, isLocal) => {
  const labels = text === undefined ? {} : { "skep.publish.local": text };
  const [published = "", protocol = ""] = port.split("/");
  expect(localPorts(labels)?.has({ published: Number(published), protocol })).toBe(isLocal);
});

test.each(["", "web", "80/tcpp", "80,,81", "123456"])("%j cannot be meant", (text) => {
  expect(localPorts({ "skep.publish.local": text })).toBeUndefined();
});
