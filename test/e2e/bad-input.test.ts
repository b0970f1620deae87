/** What cannot be meant, said to a real skepd in three ways: refused in Docker's words, at once, and nothing is made. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openRaw } from "../setup/api-client.js";
import { describeWithEngine } from "../setup/requirements.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskProcesses } from "./task-processes.js";

const MIB = 1024 * 1024;
const ANSWER_LIMIT_MS = 1_000;
const IMAGE = "skep/busybox:1";
const CONTAINER = { ContainerSpec: { Image: IMAGE } };

interface BadSpec {
  /** For `service create`, before or after which the image stands. */
  readonly flags: readonly string[];
  readonly image?: string;
  /** The same to the API. */
  readonly spec: object;
  readonly status: number;
  readonly words: RegExp;
  /** Where the command line itself knows better. */
  readonly cliWords?: RegExp;
}

const BAD_SPECS: Readonly<Record<string, BadSpec>> = {
  "duplicate name": {
    flags: ["--name", "taken"],
    spec: { Name: "taken", TaskTemplate: CONTAINER },
    status: 409,
    words: /name conflicts with an existing object: service taken already exists/,
  },
  "bad name": {
    flags: ["--name", "no good"],
    spec: { Name: "no good", TaskTemplate: CONTAINER },
    status: 400,
    words: /name must be valid as a DNS name component/,
  },
  "unknown constraint operator": {
    flags: ["--constraint", "node.role~=manager"],
    spec: { TaskTemplate: { ...CONTAINER, Placement: { Constraints: ["node.role~=manager"] } } },
    status: 400,
    words: /constraint expected one operator from ==, !=/,
  },
  "malformed image reference": {
    flags: [],
    image: "Not:a:reference",
    spec: { TaskTemplate: { ContainerSpec: { Image: "Not:a:reference" } } },
    status: 400,
    words: /invalid reference format/,
  },
  "negative replicas": {
    flags: ["--replicas", "-1"],
    spec: { TaskTemplate: CONTAINER, Mode: { Replicated: { Replicas: -1 } } },
    status: 400,
    words: /invalid request: Mode.Replicated.Replicas: .* got -1/,
    cliWords: /invalid argument "-1" for "--replicas"/,
  },
  "memory under 4 MiB": {
    flags: ["--limit-memory", "3m"],
    spec: { TaskTemplate: { ...CONTAINER, Resources: { Limits: { MemoryBytes: 3 * MIB } } } },
    status: 400,
    words: /invalid memory value 3145728: Must be at least 4MiB/,
  },
};

describeWithEngine("one skepd", () => {
  let skepd: SkepdProcess;
  let taken: { readonly ID: string; readonly Version: { readonly Index: number } };
  beforeAll(async () => {
    skepd = await SkepdProcess.init({ engine: "process" });
    await skepd.skep.output([
      "service",
      "create",
      "-d",
      "--name",
      "taken",
      "--replicas",
      "0",
      IMAGE,
    ]);
    taken = (await skepd.call({ path: "/services/taken" })).json as typeof taken;
  });
  afterAll(async () => {
    await nothingNew();
    await skepd[Symbol.asyncDispose]();
  });

  async function nothingNew(): Promise<void> {
    expect((await skepd.call({ path: "/services" })).json).toEqual([taken]);
    expect((await skepd.call({ path: "/tasks" })).json).toEqual([]);
    expect(await taskProcesses(skepd.dataDir)).toEqual([]);
  }

  async function atOnce<T>(answer: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const answered = await answer();
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS);
    return answered;
  }

  describe.each(Object.entries(BAD_SPECS))("%s", (_what, bad) => {
    const { flags, image = IMAGE, spec, status, words, cliWords = words } = bad;

    test.each(["docker", "skep"] as const)("%s", async (program) => {
      const create = ["service", "create", "--detach", "--no-resolve-image", ...flags, image];
      const { code, stdout, stderr } = await skepd[program].run(create);
      expect(stderr).toMatch(cliWords);
      expect({ failed: code !== 0, stdout }).toEqual({ failed: true, stdout: "" });
      await nothingNew();
    });

    test("HTTP", async () => {
      const answer = await atOnce(() => skepd.call({ path: "/services/create", body: spec }));
      expect(answer.status).toBe(status);
      expect(answer.json).toEqual({ message: expect.stringMatching(words) });
      await nothingNew();
    });
  });

  test("stale version", async () => {
    const body = { Name: "taken", TaskTemplate: CONTAINER, Labels: { a: "b" } };
    const path = `/services/${taken.ID}/update?version=${taken.Version.Index - 1}`;
    const answer = await atOnce(() => skepd.call({ path, body }));
    expect(answer.status).toBe(409);
    expect(answer.text).toMatch(/update out of sequence/);
    await nothingNew();
  });

  test.each([
    ["truncated JSON", '{"Name":"x"', /^\{"message":"invalid JSON: /],
    ["empty JSON", "{}", /mismatched Runtime and \*Spec fields/],
    ["no JSON at all", "", /mismatched Runtime and \*Spec fields/],
    ["blanks", "  ", /invalid JSON: got EOF while reading request body/],
  ])("%s", async (_what, body, words) => {
    const raw = openRaw(skepd.socketPath);
    const answer = await atOnce(async () => {
      await raw.write(`${head(body.length)}${body}`);
      return await raw.until(/\r\n\r\n.*\}/s);
    });
    raw.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toMatch(words);
    await nothingNew();
  });

  test("a body of 50 MB is refused at its announcement, and others are served meanwhile", async () => {
    const raw = openRaw(skepd.socketPath);
    const answer = await atOnce(async () => {
      await raw.write(head(50 * MIB));
      return await raw.until(/\r\n\r\n.*\}/s);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain("request body has 52428800 bytes, the limit is 4194304");
    const block = Buffer.alloc(MIB, " ");
    for (let sent = 0; sent < 50; sent++) {
      await raw.write(block);
      if (sent % 10 === 0) await atOnce(() => skepd.call({ path: "/tasks" }));
    }
    raw.destroy();
  });

  test("sockets that stall hold nobody", async () => {
    const stalled = Array.from({ length: 100 }, () => openRaw(skepd.socketPath));
    const beginnings = ["", "POST /services/cre", head(100), `${head(100)}{"Name":"x"`];
    for (const [i, raw] of stalled.entries()) await raw.write(beginnings[i % 4] ?? "");
    for (let i = 0; i < 10; i++) await atOnce(() => skepd.call({ path: "/tasks" }));
    expect(await skepd.skep.output(["service", "ls", "-q"])).toBe(taken.ID.slice(0, 12));
    for (const raw of stalled) raw.destroy();
    await nothingNew();
  });
});

function head(contentLength: number): string {
  return `POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${contentLength}\r\n\r\n`;
}
