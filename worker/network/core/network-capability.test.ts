import { describe, expect, test } from "vitest";

import {
  describeNetwork,
  judgeNetwork,
  type NetworkCapability,
  type NetworkFindings,
  unavailable,
} from "./network-capability.js";

const ROOT: NetworkFindings = {
  effectiveCapabilities: "000001ffffffffff",
  missingPrograms: [],
  refusal: undefined,
};

describe("a host's network", () => {
  test.each<[string, Partial<NetworkFindings>, NetworkCapability]>([
    ["root with everything", {}, { kind: "available" }],
    [
      "exactly the two capabilities",
      { effectiveCapabilities: "0000000000201000" },
      { kind: "available" },
    ],
    [
      "nobody in particular",
      { effectiveCapabilities: "0000000000000000", refusal: "Operation not permitted" },
      unavailable("skepd runs without CAP_NET_ADMIN and CAP_SYS_ADMIN; start it as root"),
    ],
    [
      "a container's root",
      { effectiveCapabilities: "00000000a80425fb" },
      unavailable("skepd runs without CAP_NET_ADMIN and CAP_SYS_ADMIN; start it as root"),
    ],
    [
      "everything but the namespaces of others",
      { effectiveCapabilities: "0000000000001000" },
      unavailable("skepd runs without CAP_SYS_ADMIN; start it as root"),
    ],
    [
      "no programs",
      { missingPrograms: ["nft"] },
      unavailable("nft not found: install iproute2, nftables and util-linux"),
    ],
    [
      "root of a user namespace",
      { refusal: "Could not process rule: Operation not permitted" },
      unavailable(
        "the kernel takes no nftables rules: Could not process rule: Operation not permitted",
      ),
    ],
    ["no Linux", { effectiveCapabilities: undefined }, unavailable("this is no Linux kernel")],
  ])("%s", (_, findings, expected) => {
    expect(judgeNetwork({ ...ROOT, ...findings })).toEqual(expected);
  });
});

describe("its node's description", () => {
  const bridge = { Type: "Network", Name: "bridge" };
  const overlay = { Type: "Network", Name: "overlay" };
  const local = { Type: "Volume", Name: "local" };

  test("has the network plugin `overlay` in its place, whatever the engine says", () => {
    for (const Plugins of [
      [bridge, local],
      [bridge, overlay, local],
    ]) {
      const { Engine } = describeNetwork({ Engine: { Plugins } }, { kind: "available" });
      expect(Engine).toEqual({ Plugins: [bridge, overlay, local] });
    }
    expect(describeNetwork({}, { kind: "available" }).Engine?.Plugins).toEqual([overlay]);
  });

  test("has it not where the kernel is out of reach, and says why", () => {
    const engine = { Labels: { rack: "7" }, Plugins: [bridge, overlay, local] };
    expect(describeNetwork({ Hostname: "a", Engine: engine }, unavailable("no root"))).toEqual({
      Hostname: "a",
      Engine: {
        Labels: { rack: "7", "skep.network": "unavailable: no root" },
        Plugins: [bridge, local],
      },
    });
  });
});
