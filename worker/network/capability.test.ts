import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { probeNetwork } from "./capability.js";

test("the probe says of this host what its kernel says", async () => {
  const network = await probeNetwork(process.env["PATH"] ?? "");
  if (process.getuid?.() !== 0) {
    expect(network).toMatchObject({ kind: "unavailable", reason: /CAP_NET_ADMIN/ });
    return;
  }
  // Root here may still be a container's: then it was told what it lacks.
  const status = readFileSync("/proc/self/status", "utf8");
  const capabilities = BigInt(`0x${/^CapEff:\s*(\S+)/m.exec(status)?.[1] ?? "0"}`);
  const holdsBoth = (capabilities & 0x201000n) === 0x201000n;
  if (holdsBoth && hasPrograms()) expect(network).toEqual({ kind: "available" });
  else expect(network.kind).toBe("unavailable");
});

test("nothing is left of it", async () => {
  if (process.getuid?.() !== 0 || !hasPrograms()) return;
  await probeNetwork("");
  expect(execFileSync("nft", ["list", "tables"], { encoding: "utf8" })).not.toContain("skep_probe");
});

function hasPrograms(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v ip bridge nft nsenter && nft list tables"]);
    return true;
  } catch {
    return false;
  }
}
