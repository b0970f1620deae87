import { readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { type Checkout, temporaryCheckout } from "./temporary-checkout.js";

const UGLY = '{"a":1}\n';
const TIDY = '{ "a": 1 }\n';

let checkout: Checkout;

beforeEach(() => {
  checkout = temporaryCheckout();
  checkout.run("git", "init", "--quiet");
  checkout.run("git", "config", "user.name", "Test");
  checkout.run("git", "config", "user.email", "test@example.com");
});

const hook = () => checkout.run("node", "scripts/pre-commit.mjs");
const staged = (path: string) => checkout.run("git", "show", `:${path}`).stdout;
const inWorkTree = (path: string) => readFileSync(join(checkout.root, path), "utf8");

test("a staged file is formatted, in the index as well", () => {
  checkout.write("a.json", UGLY);
  checkout.run("git", "add", "a.json");
  expect(hook().status).toBe(0);
  expect(staged("a.json")).toBe(TIDY);
  expect(inWorkTree("a.json")).toBe(TIDY);
});

test("a partly staged file is left alone, and what to do is said", () => {
  checkout.write("a.json", UGLY);
  checkout.run("git", "add", "a.json");
  checkout.write("a.json", '{"a":2}\n');
  const { status, stderr } = hook();
  expect(status).toBe(1);
  expect(stderr).toContain("npx prettier --write a.json");
  expect(staged("a.json")).toBe(UGLY);
  expect(inWorkTree("a.json")).toBe('{"a":2}\n');
});

test("a commit of named paths is only checked: its index is a temporary one", () => {
  checkout.write("a.json", TIDY);
  checkout.run("git", "add", "a.json");
  checkout.run("git", "commit", "--quiet", "--message=a");
  checkout.write(".githooks/pre-commit", "#!/bin/sh\nexec node scripts/pre-commit.mjs\n");
  checkout.run("chmod", "+x", ".githooks/pre-commit");
  checkout.run("git", "config", "core.hooksPath", ".githooks");
  checkout.write("a.json", UGLY);
  const { status, stderr } = checkout.run("git", "commit", "--message=b", "--", "a.json");
  expect(status).toBe(1);
  expect(stderr).toContain("npx prettier --write a.json");
  expect(inWorkTree("a.json")).toBe(UGLY);
});

test("what lint objects to is not committed", () => {
  checkout.write("shared/a.ts", "/** A. */\nexport default 1;\n");
  checkout.run("git", "add", "shared/a.ts");
  const { status, stdout } = hook();
  expect(status).toBe(1);
  expect(stdout).toContain("import-x/no-default-export");
});

test("nothing staged is nothing to say", () => {
  expect(hook()).toMatchObject({ status: 0, stdout: "", stderr: "" });
});
