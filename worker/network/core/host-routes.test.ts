import { expect, test } from "vitest";

import { hostRoutes } from "./host-routes.js";

test("what is not ours and leads somewhere, the widest first", () => {
  const shown = [
    { dst: "default", dev: "eth0" },
    { dst: "10.240.0.0/16", dev: "skep4096" },
    { dst: "192.168.77.0/24", dev: "eth0" },
    { dst: "192.0.2.7", dev: "tun0" },
    { dst: "10.0.0.0/8", dev: "tun0" },
    { dst: "10.0.0.0/8", dev: "tun1" },
    { dst: "198.51.100.0/24", type: "blackhole" },
  ];
  expect(hostRoutes(shown)).toEqual(["10.0.0.0/8", "192.168.77.0/24", "192.0.2.7/32"]);
});
