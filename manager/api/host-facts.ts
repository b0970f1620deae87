/** What this host can tell of itself without asking an engine. */
import { arch, cpus, platform, release, totalmem } from "node:os";

import { SKEP_VERSION } from "../../shared/skep-version.js";
import type { OwnVersion } from "./core/show-version.js";

/** Node's name → `uname`'s, which Docker uses here. */
const MACHINE: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };
/** Node's name → Go's, which Docker uses there. */
const GO_ARCH: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** What does not change while we run. */
export const OWN_VERSION: OwnVersion = {
  version: SKEP_VERSION,
  nodeVersion: process.version,
  os: platform(),
  architecture: GO_ARCH[arch()] ?? arch(),
  kernelVersion: release(),
};

/** `/info` where there is no engine: enough for `docker info`, nothing invented. */
export function hostInfo(hostname: string): Readonly<Record<string, unknown>> {
  return {
    Name: hostname,
    ServerVersion: SKEP_VERSION,
    OperatingSystem: `${platform()} (no container engine)`,
    OSType: platform(),
    Architecture: MACHINE[arch()] ?? arch(),
    KernelVersion: release(),
    NCPU: cpus().length,
    MemTotal: totalmem(),
    Containers: 0,
    ContainersRunning: 0,
    ContainersPaused: 0,
    ContainersStopped: 0,
    Images: 0,
    Driver: "none",
    Plugins: { Volume: [], Network: [], Authorization: null, Log: [] },
    Labels: [],
    ExperimentalBuild: false,
    LiveRestoreEnabled: false,
  };
}
