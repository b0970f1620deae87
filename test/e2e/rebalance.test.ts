/**
 * A host that was cut off comes back to nothing, and a rebalance gives it its share: three hosts, and
 * what their engines say of every container that started and died meanwhile.
 */
import { expect, test } from "vitest";

import type { CommandLine } from "../setup/command-line.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { raiseLab } from "./raised-lab.js";

const IMAGE = "skep/busybox:1";
const HOSTS = ["host1", "host2", "host3"] as const;
const REPLICAS = 6;
const CREATE = [
  ...["service", "create", "--detach", "--no-resolve-image", "--name", "web"],
  ...["--replicas", `${REPLICAS}`, "--stop-signal", "SIGKILL", "--restart-delay", "100ms"],
];

describeWithLab("a rebalance on three hosts", () => {
  const raised = raiseLab({ hosts: 3, managers: 1 });
  const { docker, engine } = raised;

  function cluster(): CommandLine {
    return docker("host1");
  }

  async function running(): Promise<number[]> {
    const listed = await Promise.all(HOSTS.map((host) => engine(host).output(["ps", "-q"])));
    return listed.map((lines) => lines.split("\n").filter(Boolean).length);
  }

  /** How many ran after each start and each death, by the engines' own clock: one machine's. */
  async function counts(before: number, since: string): Promise<number[]> {
    const until = `${Date.now() / 1000}`;
    const filters = ["--filter", "event=start", "--filter", "event=die"];
    const format = ["--format", "{{.TimeNano}} {{.Action}}"];
    const asked = ["events", "--since", since, "--until", until, ...filters, ...format];
    const told = await Promise.all(HOSTS.map((host) => engine(host).output(asked)));
    const events = told.flatMap((lines) => lines.split("\n").filter(Boolean)).sort();
    let count = before;
    return events.map((event) => (count += event.endsWith(" start") ? 1 : -1));
  }

  test("six tasks: two on each again, and never fewer than six", async () => {
    await cluster().output([...CREATE, IMAGE, "sleep", "10000"]);
    await settles(async () => expect(await running()).toEqual([2, 2, 2]));
    await raised.lab.cut("host3");
    await settles(async () => expect((await running()).slice(0, 2)).toEqual([3, 3]));
    await raised.lab.mend("host3");
    await settles(async () => expect(await running()).toEqual([3, 3, 0]));

    const since = `${Date.now() / 1000}`;
    const rebalance = ["skep", "service", "rebalance", "web"] as const;
    const told = await raised.lab.exec("host1", rebalance);
    expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining("2 tasks moved") });
    await settles(async () => expect(await running()).toEqual([2, 2, 2]));
    const seen = await counts(REPLICAS, since);
    expect(seen).toHaveLength(4);
    expect(Math.min(...seen)).toBe(REPLICAS);

    const again = await raised.lab.exec("host1", rebalance);
    expect(again.stdout).toContain("nothing to move");
    expect(await running()).toEqual([2, 2, 2]);
  });
});
