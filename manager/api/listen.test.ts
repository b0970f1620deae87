/** Whose socket it is. */
import { existsSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { ApiFixture } from "../../test/setup/api-fixture.js";

describe("the socket", () => {
  test("of a daemon that lives is not taken; that of a dead one is", async () => {
    const fixture = new ApiFixture();
    await fixture.listen();
    const rival = new ApiFixture({ socketPath: fixture.socketPath });
    await expect(rival.listen()).rejects.toThrow(/another process answers there/);
    await fixture[Symbol.asyncDispose]();
    expect(existsSync(fixture.socketPath)).toBe(false);
  });
});
