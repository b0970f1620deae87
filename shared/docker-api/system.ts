/** What a host says of itself: its versions, its engine, and its place in the cluster. */
import { type Static, Type } from "@sinclair/typebox";

import { GenericResources } from "./resources.js";
import { choice, Flag, Int64, mapOf, reply, struct, Text, TextList, TextMap } from "./schema.js";
import { ClusterInfo } from "./swarm-spec.js";

export const ComponentVersion = reply({ Name: Text, Version: Text }, { Details: TextMap });
export type ComponentVersion = Static<typeof ComponentVersion>;

export const SystemVersion = struct({
  Platform: reply({ Name: Text }, {}),
  Components: Type.Array(ComponentVersion),
  Version: Text,
  ApiVersion: Text,
  MinAPIVersion: Text,
  GitCommit: Text,
  GoVersion: Text,
  Os: Text,
  Arch: Text,
  KernelVersion: Text,
  Experimental: Flag,
  BuildTime: Text,
});
export type SystemVersion = Static<typeof SystemVersion>;

/** `""` is what a host says that never was in a cluster. */
export const LocalNodeState = choice("", "inactive", "pending", "active", "error", "locked");
export type LocalNodeState = Static<typeof LocalNodeState>;

export const PeerNode = struct({ NodeID: Text, Addr: Text });
export type PeerNode = Static<typeof PeerNode>;

export const SwarmInfo = reply(
  {
    NodeID: Text,
    NodeAddr: Text,
    LocalNodeState,
    ControlAvailable: Flag,
    Error: Text,
    RemoteManagers: Type.Union([Type.Array(PeerNode), Type.Null()]),
  },
  { Nodes: Int64, Managers: Int64, Cluster: ClusterInfo, Warnings: TextList },
);
export type SwarmInfo = Static<typeof SwarmInfo>;

export const PluginsInfo = struct({
  Volume: TextList,
  Network: TextList,
  Authorization: TextList,
  Log: TextList,
});
export type PluginsInfo = Static<typeof PluginsInfo>;

export const IndexInfo = struct({ Name: Text, Mirrors: TextList, Secure: Flag, Official: Flag });
export type IndexInfo = Static<typeof IndexInfo>;

export const RegistryServiceConfig = struct({
  InsecureRegistryCIDRs: TextList,
  IndexConfigs: mapOf(IndexInfo),
  Mirrors: TextList,
});
export type RegistryServiceConfig = Static<typeof RegistryServiceConfig>;

export const Runtime = struct({ path: Text, runtimeArgs: TextList, status: TextMap });
export type Runtime = Static<typeof Runtime>;

export const Commit = struct({ ID: Text });
export type Commit = Static<typeof Commit>;

/** Pairs of a title and a value. */
const Pairs = Type.Array(TextList);

export const FirewallInfo = struct({ Driver: Text, Info: Pairs });
export type FirewallInfo = Static<typeof FirewallInfo>;

export const NRIInfo = struct({ Info: Pairs });
export type NRIInfo = Static<typeof NRIInfo>;

export const DeviceInfo = struct({ Source: Text, ID: Text });
export type DeviceInfo = Static<typeof DeviceInfo>;

export const ContainerdInfo = struct({
  Address: Text,
  Namespaces: struct({ Containers: Text, Plugins: Text }),
});
export type ContainerdInfo = Static<typeof ContainerdInfo>;

/** All but `Swarm` is the engine's; without an engine we fill in what the host itself can tell. */
export const SystemInfo = struct({
  ID: Text,
  Containers: Int64,
  ContainersRunning: Int64,
  ContainersPaused: Int64,
  ContainersStopped: Int64,
  Images: Int64,
  Driver: Text,
  DriverStatus: Pairs,
  DockerRootDir: Text,
  Plugins: PluginsInfo,
  MemoryLimit: Flag,
  SwapLimit: Flag,
  CpuCfsPeriod: Flag,
  CpuCfsQuota: Flag,
  CPUShares: Flag,
  CPUSet: Flag,
  PidsLimit: Flag,
  OomKillDisable: Flag,
  IPv4Forwarding: Flag,
  Debug: Flag,
  NFd: Int64,
  NGoroutines: Int64,
  SystemTime: Text,
  LoggingDriver: Text,
  CgroupDriver: choice("cgroupfs", "systemd", "none"),
  CgroupVersion: choice("1", "2"),
  NEventsListener: Int64,
  KernelVersion: Text,
  OperatingSystem: Text,
  OSVersion: Text,
  OSType: Text,
  Architecture: Text,
  NCPU: Int64,
  MemTotal: Int64,
  IndexServerAddress: Text,
  RegistryConfig: RegistryServiceConfig,
  GenericResources,
  HttpProxy: Text,
  HttpsProxy: Text,
  NoProxy: Text,
  Name: Text,
  Labels: TextList,
  ExperimentalBuild: Flag,
  ServerVersion: Text,
  Runtimes: mapOf(Runtime),
  DefaultRuntime: Text,
  Swarm: SwarmInfo,
  LiveRestoreEnabled: Flag,
  Isolation: choice("", "default", "hyperv", "process"),
  InitBinary: Text,
  ContainerdCommit: Commit,
  RuncCommit: Commit,
  InitCommit: Commit,
  SecurityOptions: TextList,
  ProductLicense: Text,
  DefaultAddressPools: Type.Array(struct({ Base: Text, Size: Int64 })),
  FirewallBackend: FirewallInfo,
  DiscoveredDevices: Type.Array(DeviceInfo),
  NRI: NRIInfo,
  Warnings: TextList,
  CDISpecDirs: TextList,
  Containerd: ContainerdInfo,
});
export type SystemInfo = Static<typeof SystemInfo>;
