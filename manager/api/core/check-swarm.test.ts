import { describe, expect, test } from "vitest";

import type { SwarmInitRequest } from "../../../shared/docker-api/swarm-spec.js";
import { checkInit, checkRotation } from "./check-swarm.js";

const init = (wish: SwarmInitRequest): (() => void) => {
  return () => checkInit({ ListenAddr: "0.0.0.0:2377", ...wish });
};

describe("what a new swarm is asked to be", () => {
  test.each<SwarmInitRequest>([
    { DataPathPort: 0, DefaultAddrPool: [], SubnetSize: 24 },
    { DataPathPort: 1_024 },
    { DataPathPort: 49_151 },
    { DefaultAddrPool: ["10.0.0.0/8", "fd00::/16"] },
    { DefaultAddrPool: ["10.0.0.0/24"], SubnetSize: 29 },
    { SubnetSize: 77 }, // of no pool
  ])("%j", (wish) => {
    expect(init(wish)).not.toThrow();
  });

  test.each<[SwarmInitRequest, string]>([
    [{ DataPathPort: 80 }, "Datapath port number is not in valid range (1024-49151) : 80"],
    [{ DataPathPort: 50_000 }, "Datapath port number is not in valid range (1024-49151) : 50000"],
    [{ DefaultAddrPool: ["10.0.0.0/8"], SubnetSize: 30 }, "subnet size is out of range: 30"],
    [{ DefaultAddrPool: ["10.0.0.0"] }, 'invalid CIDR: "10.0.0.0"'],
    [
      { DefaultAddrPool: ["10.0.0.0/26"] },
      'invalid CIDR: "10.0.0.0/26". Subnet size is too small for pool: 24',
    ],
  ])("%j is refused", (wish, words) => {
    expect(init(wish)).toThrow(words);
  });
});

describe("another root certificate", () => {
  test.each([
    [{}, {}],
    [{}, { CAConfig: { ForceRotate: 0 } }],
    [{ CAConfig: { ForceRotate: 1 } }, { CAConfig: { NodeCertExpiry: 3600e9 } }],
    [{ CAConfig: { ForceRotate: 1 } }, { CAConfig: { ForceRotate: 1 } }],
  ])("%j, then %j: none is asked for", (present, sent) => {
    expect(() => checkRotation(present, sent)).not.toThrow();
  });

  test("is refused, or whoever asks would wait for it for ever", () => {
    expect(() => checkRotation({}, { CAConfig: { ForceRotate: 1 } })).toThrow(
      "rotating the root certificate is not available yet",
    );
  });
});
