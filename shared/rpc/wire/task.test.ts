import { expect, test } from "vitest";

import { enumNumbers } from "../protos.js";
import { DESIRED_NUMBERS, OBSERVED_NUMBERS } from "./task.js";

/** `OBSERVED_RUNNING` in the protocol file is `running` in the model. */
function withoutPrefix(numbers: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(numbers);
  return Object.fromEntries(
    entries.map(([name, number]) => [name.slice(name.indexOf("_") + 1).toLowerCase(), number]),
  );
}

test.each([
  ["skep.state.v1.ObservedState", OBSERVED_NUMBERS],
  ["skep.state.v1.DesiredState", DESIRED_NUMBERS],
])("the numbers of %s are those of the protocol file", (name, numbers) => {
  expect(numbers).toEqual(withoutPrefix(enumNumbers(name)));
});
