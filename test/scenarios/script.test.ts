import { expect, test } from "vitest";

import { parseScript, renderScript } from "./script.js";

const TEXT = `# Prose before.

> nodes 2
> wait 1s
web.1  n1  running
 \\_ web.1  n1  failed

# Prose between.
> show
(no tasks)

# Prose after.
`;

test("commands and what they print are taken apart", () => {
  const { steps } = parseScript(TEXT);
  expect(steps.map(({ command, expected }) => [command, expected])).toEqual([
    ["nodes 2", ""],
    ["wait 1s", "web.1  n1  running\n \\_ web.1  n1  failed"],
    ["show", "(no tasks)"],
  ]);
});

test("a script that printed what it should is the file itself", () => {
  const script = parseScript(TEXT);
  const printed = script.steps.map(({ expected }) => expected);
  expect(renderScript(script, printed)).toBe(TEXT);
});

test("other output takes the place of the expected one, and nothing else changes", () => {
  const script = parseScript(TEXT);
  expect(renderScript(script, ["new", "", "(no tasks)"])).toBe(
    TEXT.replace("> nodes 2\n", "> nodes 2\nnew\n").replace(/web\.1.*\n.*failed\n/, ""),
  );
});
