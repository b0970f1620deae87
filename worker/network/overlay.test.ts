import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { expect, test } from "vitest";

import { HOSTS, type TestNetwork, toldTo } from "../../test/network/two-hosts.js";
import { type Kernel, KernelRefusedError } from "./kernel.js";
import { OverlayKeeper } from "./overlay.js";

const [HOST1] = HOSTS;
const NET: TestNetwork = { name: "net1", vni: 4097, kind: "overlay", net: "10.1.0", tasks: [] };

test("the MTU of a network is known while a change is on its way to the kernel", async () => {
  const silent: ChildProcessByStdio<Writable, null, Readable>[] = [];
  const kernel = {
    listOverlay: () =>
      Promise.resolve({
        links: [{ ifname: "eth0", mtu: 1500, addr_info: [{ local: HOST1.address }] }],
        forwarding: [],
        neighbours: [],
        routes: [],
      }),
    converse: () => {
      const child = spawn("sleep", ["infinity"], { stdio: ["pipe", "ignore", "pipe"] });
      silent.push(child);
      return child;
    },
  } as unknown as Kernel;
  const keeper = new OverlayKeeper(kernel);
  expect(keeper.mtuOf(NET)).toBeUndefined();
  const applied = keeper.apply(toldTo(HOST1.nodeId, [NET]));
  await expect.poll(() => keeper.mtuOf(NET)).toBe(1450);
  for (const child of silent) child.kill();
  await expect(applied).rejects.toThrow(KernelRefusedError);
  expect(keeper.mtuOf(NET)).toBe(1450);
});
