/**
 * Every `*.txt` here is a test. To write what really happens into the files, and
 * read the difference in git:
 *
 *     SCENARIOS=write npx vitest run test/scenarios
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runCommand } from "./commands.js";
import { parseScript, renderScript } from "./script.js";
import { World } from "./world.js";

const FOLDER = import.meta.dirname;
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".txt"))
  .sort();

test.each(names)("%s", async (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, "utf8");
  const script = parseScript(text);
  const world = await World.start(name);
  const printed: string[] = [];
  for (const { command } of script.steps) printed.push(await runCommand(world, command));
  await world.stop();
  const happened = renderScript(script, printed);
  if (process.env["SCENARIOS"] === "write") writeFileSync(path, happened);
  else expect(happened).toBe(text);
});
