import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { SKEP_VERSION } from "./skep-version.js";

test("the version that programs tell is the package's", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(SKEP_VERSION);
});
