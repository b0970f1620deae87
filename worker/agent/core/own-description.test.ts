/** The engine's words and the user's. */
import { expect, test } from "vitest";

import { ownDescription } from "./own-description.js";

const gpu = (Value: string) => ({ NamedResourceSpec: { Kind: "gpu", Value } });
const ssd = { DiscreteResourceSpec: { Kind: "ssd", Value: 4 } };
const described = {
  Hostname: "engine",
  Resources: { NanoCPUs: 1e9, GenericResources: [gpu("A")] },
};

test("where the user says nothing, the engine's word stands", () => {
  expect(ownDescription(described, {})).toEqual(described);
});

test("the user's name for the host, and what he says that it has", () => {
  expect(ownDescription(described, { hostname: "host", generics: [ssd] })).toEqual({
    Hostname: "host",
    Resources: { NanoCPUs: 1e9, GenericResources: [ssd, gpu("A")] },
  });
  const own = ownDescription(described, { generics: [gpu("B"), ssd] });
  expect(own.Resources?.GenericResources).toEqual([gpu("B"), ssd]);
});
