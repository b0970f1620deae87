/** Settings of the cluster on a real daemon: set, shown, in effect at once, and there after a restart. */
import { expect, test } from "vitest";

import { settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";

const BACK_OFF = ["--back-off-free", "1", "--back-off-first", "10m", "--back-off-limit", "10m"];
const SHOWN = "{{json .Spec.Orchestration.RestartBackOff}}";
const CRASH = ["--restart-delay", "100ms", "none", "sh", "-c", "exit 3"];

test("how hard a failing service is tried is set without a restart, and stays set", async () => {
  await using skepd = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  const { skep } = skepd;

  async function backsOff(service: string): Promise<void> {
    await skep.output(["service", "create", "--detach", "--name", service, ...CRASH]);
    await settles(async () => {
      const told = await skep.output(["service", "explain", service]);
      expect(told).toMatch(/it starts in \S+ \(waits 600s after 2 or more restarts in a row\)$/m);
    });
  }

  async function shown(): Promise<unknown> {
    return JSON.parse(await skep.output(["swarm", "inspect", "--format", SHOWN])) as unknown;
  }

  expect(await shown()).toEqual({ FreeRestarts: 5, First: 1e9, Limit: 60e9 });
  await skep.output(["swarm", "update", ...BACK_OFF]);
  const set = { FreeRestarts: 1, First: 600e9, Limit: 600e9 };
  expect(await shown()).toEqual(set);
  await backsOff("before");

  await skepd.killAndStart();
  await settles(async () => expect(await shown()).toEqual(set));
  await backsOff("after");

  await skep.output(["swarm", "update", "--back-off-limit", "1s", "--back-off-first", "1s"]);
  await settles(async () => {
    const told = await skep.output(["service", "explain", "before"]);
    expect(told).not.toMatch(/waits 600s/);
  });
});

test("what a setting cannot be is refused, with what it can be", async () => {
  await using skepd = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  const { code, stderr } = await skepd.skep.run([
    ...["swarm", "update", "--dispatcher-heartbeat", "1ms"],
  ]);
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toContain("invalid heartbeat period 1ms: it must be between 100ms and 1m");
});
