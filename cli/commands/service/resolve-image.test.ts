import { describe, expect, test } from "vitest";

import type { ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import { type Answer, RecordedDaemon, Refusal } from "../../../test/setup/recorded-daemon.js";
import { runSkep } from "../../../test/setup/run-skep.js";

const DIGEST = `sha256:${"d".repeat(64)}`;

interface Outcome {
  readonly image: string | undefined;
  readonly platforms: unknown;
  readonly stderr: string;
}

async function createWith(image: string, registry: Answer): Promise<Outcome> {
  await using daemon = await RecordedDaemon.start({
    "GET /distribution/nginx:latest/json": registry,
    "POST /services/create": () => ({ ID: "s1" }),
  });
  const { stderr } = await runSkep(["service", "create", "-d", image], {
    socketPath: daemon.socketPath,
  });
  const task = (daemon.changes[0]?.body as ServiceSpec).TaskTemplate;
  return { image: task?.ContainerSpec?.Image, platforms: task?.Placement?.Platforms, stderr };
}

describe("an image is pinned to what its registry has", () => {
  test("with the platforms that it is made for", async () => {
    const found = await createWith("nginx", () => ({
      Descriptor: { digest: DIGEST },
      Platforms: [
        { architecture: "amd64", os: "linux" },
        { architecture: "arm", os: "linux", variant: "v7" },
      ],
    }));
    expect(found).toEqual({
      image: `nginx:latest@${DIGEST}`,
      platforms: [
        { Architecture: "amd64", OS: "linux" },
        { Architecture: "", OS: "linux" },
      ],
      stderr: "",
    });
  });

  test("unless it is pinned already", async () => {
    const { image, stderr } = await createWith(`nginx@${DIGEST}`, () => new Refusal(500, "asked"));
    expect([image, stderr]).toEqual([`nginx@${DIGEST}`, ""]);
  });

  test("or the registry cannot tell, which is no more than a warning", async () => {
    const { image, stderr } = await createWith("nginx", () => new Refusal(403, "no"));
    expect(image).toBe("nginx:latest");
    expect(stderr).toMatch(/^image nginx:latest could not be accessed on a registry .*\n$/);
  });

  test("or there is no engine to ask, and so no image", async () => {
    const { image, stderr } = await createWith("nginx", () => new Refusal(501, "no engine"));
    expect([image, stderr]).toEqual(["nginx:latest", ""]);
  });
});
