import { expect, test } from "vitest";

import { temporaryCheckout } from "./temporary-checkout.js";

const CORE_FILE = "manager/scheduler/core/schedule.ts";
const PURE = "/** Adds. */\nexport const sum = (a: number, b: number): number => a + b;\n";
const ASKS_THE_SYSTEM = "/** Asks. */\nexport const pid = (): number => process.pid;\n";
const NAMES_NODE = `/** Names. */
import type { Server } from "../../../shared/server.js";
export const name = (server: Server): string => server.name;
`;
const IMPORTS_NODE = `/** A server. */
import type { Socket } from "node:net";
export interface Server { readonly name: string; readonly socket: Socket }
`;

/** A package that brings in the types of Node, as pino and grpc-js do. */
const REFERENCES_NODE = `/** A server. */
/// <reference types="node" />
export interface Server { readonly name: string; readonly pid: typeof process.pid }
`;

function checkCore(files: Readonly<Record<string, string>>) {
  const checkout = temporaryCheckout();
  for (const [path, text] of Object.entries(files)) checkout.write(path, text);
  return checkout.run("node", "scripts/check.mjs", "pure-core");
}

test("a core/ that only computes passes", () => {
  const { status, stdout } = checkCore({ [CORE_FILE]: PURE });
  expect(stdout).toContain("check: all is well");
  expect(status).toBe(0);
});

test.each([
  ["a core/ that asks the system", { [CORE_FILE]: ASKS_THE_SYSTEM }, "name 'process'"],
  [
    "a core/ whose import imports Node",
    { [CORE_FILE]: NAMES_NODE, "shared/server.ts": IMPORTS_NODE },
    "'node:net'",
  ],
  [
    "a core/ whose import references Node's types",
    { [CORE_FILE]: NAMES_NODE, "shared/server.ts": REFERENCES_NODE },
    "imports, through some file, the types of Node",
  ],
])("%s fails, and the message says where to look", (_name, files, message) => {
  const { status, stdout } = checkCore(files);
  expect(stdout).toContain(message);
  expect(stdout).toContain("check: failed: pure-core");
  expect(stdout).not.toContain("lib.es");
  expect(status).toBe(1);
});

test("a step that does not exist is not taken for one that passes", () => {
  const { status, stderr } = temporaryCheckout().run("node", "scripts/check.mjs", "lnit");
  expect(stderr).toContain('no step "lnit": the steps are lint, types,');
  expect(status).toBe(1);
});
