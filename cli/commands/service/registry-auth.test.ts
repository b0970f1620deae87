import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { RecordedDaemon } from "../../../test/setup/recorded-daemon.js";
import { runSkep } from "../../../test/setup/run-skep.js";

const DIGEST = `sha256:${"d".repeat(64)}`;

/** What a `service create --with-registry-auth` sends along, both to look the image up and with the spec. */
async function authsSent(image: string, config: object, env = {}): Promise<unknown[]> {
  await using daemon = await RecordedDaemon.start({
    [`GET /distribution/${image}/json`]: () => ({ Descriptor: { digest: DIGEST } }),
    "POST /services/create": () => ({ ID: "s1" }),
  });
  const words = ["service", "create", "-d", "--with-registry-auth", image];
  const run = await runSkep(words, {
    socketPath: daemon.socketPath,
    env: { DOCKER_CONFIG: "/config", ...env },
    files: { "/config/config.json": JSON.stringify(config) },
  });
  expect(run).toEqual({ status: 0, stdout: "s1\n", stderr: "" });
  return daemon.requests.map(({ headers }): unknown => {
    const [auth = ""] = [headers["x-registry-auth"]].flat();
    return JSON.parse(Buffer.from(auth, "base64url").toString());
  });
}

function basic(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("credentials of the image's registry", () => {
  const auths = {
    "https://index.docker.io/v1/": { auth: basic("hub:secret:with:colons") },
    "registry.test:5000": { auth: basic("me:pw") },
    "https://old.test/v2/": { auth: basic("old:pw"), identitytoken: "token" },
  };

  test.each<[string, object]>([
    [
      "team/app:1",
      {
        username: "hub",
        password: "secret:with:colons",
        serveraddress: "https://index.docker.io/v1/",
      },
    ],
    [
      "registry.test:5000/app:1",
      { username: "me", password: "pw", serveraddress: "registry.test:5000" },
    ],
    [
      "old.test/app:1",
      { username: "old", identitytoken: "token", serveraddress: "https://old.test/v2/" },
    ],
    ["other.test/app:1", {}],
  ])("%s", async (image, auth) => {
    expect(await authsSent(image, { auths })).toEqual([auth, auth]);
  });
});

describe("a program that keeps them elsewhere", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "skep-credentials-"));
    const answer = `read name; case $name in
      *none*) exit 1 ;;
      *token*) echo '{"Username":"<token>","Secret":"t"}' ;;
      *) echo '{"Username":"u","Secret":"s"}' ;;
    esac`;
    const path = join(folder, "docker-credential-test");
    writeFileSync(path, `#!/bin/sh\n${answer}\n`);
    chmodSync(path, 0o755);
    process.env["PATH"] = `${folder}:${process.env["PATH"] ?? ""}`;
  });
  afterEach(() => {
    process.env["PATH"] = process.env["PATH"]?.replace(`${folder}:`, "");
    rmSync(folder, { recursive: true });
  });

  test.each<[string, object, object]>([
    [
      "a.test/app:1",
      { credsStore: "test" },
      { username: "u", password: "s", serveraddress: "a.test" },
    ],
    [
      "token.test/app:1",
      { credHelpers: { "token.test": "test" } },
      { identitytoken: "t", serveraddress: "token.test" },
    ],
    ["none.test/app:1", { credsStore: "test" }, {}],
  ])("%s", async (image, config, auth) => {
    expect((await authsSent(image, config))[1]).toEqual(auth);
  });
});
