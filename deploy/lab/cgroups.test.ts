import { expect, test } from "vitest";

import { cgroupMounts } from "./cgroups.js";

const V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0";
const V1 = [
  "tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0",
  "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0",
  "cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0",
];
const HYBRID = [...V1, "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0"];

test.each([
  ["v2", [V2], { version: 2, path: "/sys/fs/cgroup" }, 1],
  ["v1", V1, { version: 1, path: "/sys/fs/cgroup/freezer" }, 2],
  // Engines put containers into the hierarchies of v1 then.
  ["both", HYBRID, { version: 1, path: "/sys/fs/cgroup/freezer" }, 3],
])("a machine with %s", (_name, lines, freezer, hierarchies) => {
  const mounts = cgroupMounts(["proc /proc proc rw 0 0", ...lines].join("\n"));
  expect(mounts?.freezer).toEqual(freezer);
  expect(mounts?.all).toHaveLength(hierarchies);
});

test("a machine without any", () => {
  expect(cgroupMounts("proc /proc proc rw 0 0\n")).toBeUndefined();
});
