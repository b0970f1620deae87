/** What happens behind Skep's back is repaired, and what runs outlives skepd: on the Docker engine, seen from the engine. */
import { expect, test } from "vitest";

import { describeWithEngine } from "../setup/requirements.js";
import { type ContainerFact, containersOf, killContainer } from "./cluster-containers.js";
import { eventually, settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";

const SLEEP = ["skep/busybox:1", "sleep", "10000"];
const RESTART_DELAY_S = 3;
/** A busy machine may take long to start a container; what must not happen is an earlier start. */
const START_LIMIT_MS = 20_000;

describeWithEngine("on the Docker engine", (engineSocket) => {
  const settings = { engine: "docker", engineSocket } as const;

  async function withService(replicas: number, ...flags: string[]): Promise<SkepdProcess> {
    const skepd = await SkepdProcess.init(settings);
    const named = ["--name", "web", "--replicas", String(replicas), "--stop-signal", "SIGKILL"];
    const create = ["service", "create", "--detach", "--no-resolve-image", ...named, ...flags];
    await skepd.skep.output([...create, ...SLEEP]);
    return skepd;
  }

  async function scale(skepd: SkepdProcess, replicas: number): Promise<void> {
    await skepd.skep.output(["service", "scale", "--detach", `web=${replicas}`]);
  }

  async function all(skepd: SkepdProcess): Promise<ContainerFact[]> {
    return await containersOf(engineSocket, await skepd.clusterId());
  }

  /** Running containers, once there are exactly that many and none is on its way. */
  async function settled(skepd: SkepdProcess, replicas: number): Promise<ContainerFact[]> {
    return await eventually(`${replicas} run`, async () => {
      const { json } = await skepd.call({ path: "/services?status=true" });
      const [service] = json as [{ ServiceStatus: { RunningTasks: number } }?];
      if (service?.ServiceStatus.RunningTasks !== replicas) return undefined;
      const running = (await all(skepd)).filter((one) => one.running);
      return running.length === replicas ? running : undefined;
    });
  }

  const slotOf = ({ name }: ContainerFact): string => name.split(".")[1] ?? "";
  const identityOf = ({ id, startedAt }: ContainerFact): string => `${id} ${startedAt}`;

  test("a killed container is replaced when the restart delay is over, and not before", async () => {
    await using skepd = await withService(3, "--restart-delay", `${RESTART_DELAY_S}s`);
    const before = await settled(skepd, 3);
    const victim = before[1]!;
    await killContainer(engineSocket, victim.id);
    await eventually("it is seen dead", async () =>
      (await all(skepd)).find((one) => one.id === victim.id && !one.running),
    );
    const after = await settled(skepd, 3);
    const [replacement, ...others] = after.filter((one) => !before.some(({ id }) => id === one.id));
    expect(others).toEqual([]);
    expect(slotOf(replacement!)).toBe(slotOf(victim));
    const dead = (await all(skepd)).find((one) => one.id === victim.id)!;
    const gapMs = Date.parse(replacement!.startedAt) - Date.parse(dead.finishedAt);
    expect(gapMs).toBeGreaterThanOrEqual(RESTART_DELAY_S * 1_000);
    expect(gapMs).toBeLessThan(RESTART_DELAY_S * 1_000 + START_LIMIT_MS);
  });

  test("skepd killed five times in a row leaves the same containers running", async () => {
    await using skepd = await withService(4);
    const before = (await settled(skepd, 4)).map(identityOf);
    for (let time = 0; time < 5; time++) await skepd.killAndStart();
    expect((await settled(skepd, 4)).map(identityOf)).toEqual(before);
    // It is at work again, and knows them for its own.
    await scale(skepd, 5);
    expect((await settled(skepd, 5)).map(identityOf)).toEqual(expect.arrayContaining(before));
    await skepd.skep.output(["service", "rm", "web"]);
    await settles(async () => {
      expect(await all(skepd)).toEqual([]);
    });
  });

  test("skepd killed while it scales goes on where it was", async () => {
    await using skepd = await withService(3);
    const before = (await settled(skepd, 3)).map(identityOf);
    await scale(skepd, 9);
    await eventually("the scale is under way", async () => {
      const { length } = await all(skepd);
      return length > 3 ? length : undefined;
    });
    await skepd.killAndStart();
    const up = await settled(skepd, 9);
    expect(up.map(identityOf)).toEqual(expect.arrayContaining(before));
    expect(new Set(up.map(slotOf)).size).toBe(9);
    await scale(skepd, 2);
    await skepd.killAndStart();
    const down = await settled(skepd, 2);
    expect(up.map(identityOf)).toEqual(expect.arrayContaining(down.map(identityOf)));
    await skepd.skep.output(["service", "rm", "web"]);
    await skepd.killAndStart();
    await settles(async () => {
      expect(await all(skepd)).toEqual([]);
    });
  });
});
