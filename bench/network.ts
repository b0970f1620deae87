/** What the network of a node costs: the ways to a task, and the time until the kernel has them. */
import { spawnSync } from "node:child_process";

import { ENGINE_PACKAGES, hasApt, installMissing } from "../deploy/provision/packages.mjs";
import { PATH } from "../test/network/namespaces.js";
import type { Progress } from "./main.js";
import { measurePaths } from "./network/paths.js";
import { measureProgramming } from "./network/programming.js";
import type { Report } from "./report.js";

const LOCAL_TASKS = 30;
/** What measures the ways, and what hosts with networks have. */
const PROGRAMS = ["wrk", "iperf3", "ip", "bridge", "nft", "nsenter", "conntrack"] as const;
const PACKAGES = [
  { name: "wrk", files: ["/usr/bin/wrk"] },
  { name: "iperf3", files: ["/usr/bin/iperf3"] },
  ...ENGINE_PACKAGES.filter(({ name }) => name !== "docker.io"),
];
/** By hand-made rules, on the machine that this was designed on. */
const BY_HAND = { ingressLocal: 0.98, ingressRemote: 0.74, vip: 0.93, overlay: 0.81 };

export async function benchNetwork(progress: Progress): Promise<Report> {
  await providePrograms(progress);
  progress("programming a node with one task");
  const one = await measureProgramming(1);
  progress(`programming a node with ${LOCAL_TASKS} tasks`);
  const many = await measureProgramming(LOCAL_TASKS);
  const paths = await measurePaths(progress);
  const straight = `straight: ${Math.round(paths.straightPerS)} requests/s`;
  const byHand = (ratio: number): string => `by hand: ${ratio}`;
  const byHandNow = (before: number, ratio: number): string =>
    `by hand: ${ratio.toFixed(3)} in the same rounds, ${before} when this was designed`;
  return {
    bench: "network",
    figures: [
      {
        name: "ingress_local_ratio",
        value: paths.ingressLocal,
        unit: "x",
        toReach: 0.95,
        note: `${byHand(BY_HAND.ingressLocal)}; ${straight}`,
      },
      {
        name: "ingress_remote_ratio",
        value: paths.ingressRemote,
        unit: "x",
        toReach: 0.7,
        note: byHandNow(BY_HAND.ingressRemote, paths.byHand.ingressRemote),
      },
      { name: "vip_ratio", value: paths.vip, unit: "x", toReach: 0.9, note: byHand(BY_HAND.vip) },
      {
        name: "overlay_ratio",
        value: paths.overlay,
        unit: "x",
        toReach: 0.8,
        note: `${byHandNow(BY_HAND.overlay, paths.byHand.overlay)}; underlay: ${paths.underlayGbitS.toFixed(1)} Gbit/s`,
      },
      {
        name: "program_1000_services_ms",
        value: one.wholeMs,
        unit: "ms",
        toReach: 500,
        note: "10,000 endpoints elsewhere, one task here",
      },
      { name: "program_1000_services_30_tasks_ms", value: many.wholeMs, unit: "ms" },
      { name: "program_one_change_ms", value: many.changeMs, unit: "ms", toReach: 100 },
    ],
  };
}

/** @throws Error that says by name what is missing */
async function providePrograms(progress: Progress): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error("hosts are made of network namespaces: run as root");
  if (hasApt()) await installMissing(PACKAGES, progress);
  const missing = PROGRAMS.filter((program) => {
    return spawnSync(program, ["--version"], { env: { PATH } }).error !== undefined;
  });
  if (missing.length === 0) return;
  const packages = PACKAGES.map(({ name }) => name).join(", ");
  throw new Error(`${missing.join(", ")} not found: install ${packages} and util-linux`);
}
