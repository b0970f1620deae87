import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryCheckout } from "./temporary-checkout.js";

const PROGRAM = `/** Says what it was given, and fails as told. */
import { exitCode } from "./exit-code.js";

console.log(process.argv.slice(2).join(" "));
process.exitCode = exitCode;
`;

test("a program is compiled once, run with its arguments, and its exit code is ours", async () => {
  const checkout = temporaryCheckout();
  checkout.write("bench/main.ts", PROGRAM);
  checkout.write("bench/exit-code.ts", "/** Three. */\nexport const exitCode = 3;\n");
  const bench = () => checkout.run("node", "scripts/run.mjs", "bench", "schedule", "--json");

  const first = bench();
  expect(first).toMatchObject({ status: 3, stdout: "schedule --json\n" });
  expect(first.stderr).toBe("setting up: compiling…\n");

  const second = bench();
  expect(second).toMatchObject({ status: 3, stdout: "schedule --json\n", stderr: "" });

  checkout.write("bench/exit-code.ts", "/** Four. */\nexport const exitCode = 4;\n");
  expect(bench()).toMatchObject({ status: 4, stderr: "setting up: compiling…\n" });

  checkout.write("bench/main.ts", PROGRAM.replace(/import .*\n/, "const exitCode = 5;\n"));
  await rm(join(checkout.root, "bench/exit-code.ts"));
  expect(bench().status).toBe(5);
  expect(existsSync(join(checkout.root, "dist/bench/exit-code.js"))).toBe(false);
});

test("what does not compile is not run, and the compiler says why", () => {
  const checkout = temporaryCheckout();
  checkout.write("bench/main.ts", `/** Wrong. */\nexport const count: number = "one";\n`);
  const run = () => checkout.run("node", "scripts/run.mjs", "bench");
  for (const { status, stderr } of [run(), run()]) {
    expect(status).toBe(1);
    expect(stderr).toContain("bench/main.ts(2,14): error TS2322");
  }
});

test.each([
  ["nosuch", 'no program "nosuch": one of bench, demo, lab, mutate, sim\n'],
  ["demo", '"demo" is not written yet: there is no deploy/demo/main.ts\n'],
])("%s: one line says what is wrong", (name, line) => {
  const { status, stderr } = temporaryCheckout().run("node", "scripts/run.mjs", name);
  expect(status).toBe(1);
  expect(stderr).toBe(line);
});
