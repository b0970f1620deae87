import { expect, test } from "vitest";

import { HOSTS, type TestNetwork, toldTo } from "../../test/network/two-hosts.js";
import type { Kernel } from "./kernel.js";
import { OverlayKeeper } from "./overlay.js";

const [HOST1] = HOSTS;
const NET: TestNetwork = { name: "net1", vni: 4097, kind: "overlay", net: "10.1.0", tasks: [] };

test("the MTU of a network is known while a change is on its way to the kernel", async () => {
  let change = (): void => undefined;
  const held = new Promise<void>((resolve) => (change = resolve));
  const kernel = {
    listOverlay: () =>
      Promise.resolve({
        links: [{ ifname: "eth0", mtu: 1500, addr_info: [{ local: HOST1.address }] }],
        forwarding: [],
        neighbours: [],
        routes: [],
      }),
    ipBatch: () => held,
    bridgeBatch: () => Promise.resolve(),
  } as unknown as Kernel;
  const keeper = new OverlayKeeper(kernel);
  expect(keeper.mtuOf(NET)).toBeUndefined();
  const applied = keeper.apply(toldTo(HOST1.nodeId, [NET]));
  await expect.poll(() => keeper.mtuOf(NET)).toBe(1450);
  change();
  await applied;
  expect(keeper.mtuOf(NET)).toBe(1450);
});
