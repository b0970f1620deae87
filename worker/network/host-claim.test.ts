import { expect, test } from "vitest";

import { claimHostNetwork } from "./host-claim.js";

test("the networks of a host have one keeper, and another after it", async () => {
  const first = await claimHostNetwork();
  expect(await claimHostNetwork()).toBeUndefined();
  first?.release();
  const second = await claimHostNetwork();
  expect(second).toBeDefined();
  second?.release();
});
