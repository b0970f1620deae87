/** The container that a task runs. */
import { type Static, Type } from "@sinclair/typebox";

import { Mount } from "./mount.js";
import {
  choice,
  Flag,
  Int64,
  Nanoseconds,
  struct,
  Text,
  TextList,
  TextMap,
  Uint32,
} from "./schema.js";

/** Windows only. Exactly one is set. */
export const CredentialSpec = struct({ Config: Text, File: Text, Registry: Text });
export type CredentialSpec = Static<typeof CredentialSpec>;

export const SELinuxContext = struct({
  Disable: Flag,
  User: Text,
  Role: Text,
  Type: Text,
  Level: Text,
});
export type SELinuxContext = Static<typeof SELinuxContext>;

export const Privileges = struct({
  CredentialSpec,
  SELinuxContext,
  Seccomp: struct({ Mode: choice("default", "unconfined", "custom"), Profile: Text }),
  AppArmor: struct({ Mode: choice("default", "disabled") }),
  NoNewPrivileges: Flag,
});
export type Privileges = Static<typeof Privileges>;

/** Zero means the image's own value; `Test` of `["NONE"]` turns the image's check off. */
export const HealthConfig = struct({
  Test: TextList,
  Interval: Nanoseconds,
  Timeout: Nanoseconds,
  Retries: Int64,
  StartPeriod: Nanoseconds,
  StartInterval: Nanoseconds,
});
export type HealthConfig = Static<typeof HealthConfig>;

export const DNSConfig = struct({ Nameservers: TextList, Search: TextList, Options: TextList });
export type DNSConfig = Static<typeof DNSConfig>;

/** Where a secret or config appears in the container. `Mode` holds the permission bits. */
export const FileTarget = struct({ Name: Text, UID: Text, GID: Text, Mode: Uint32 });
export type FileTarget = Static<typeof FileTarget>;

export const SecretReference = struct({ File: FileTarget, SecretID: Text, SecretName: Text });
export type SecretReference = Static<typeof SecretReference>;

/**
 * `Runtime`, an empty object, says that the engine itself reads the config (a credential spec) and
 * no file shows it.
 */
export const ConfigFileReference = struct({
  File: FileTarget,
  Runtime: struct({}),
  ConfigID: Text,
  ConfigName: Text,
});
export type ConfigFileReference = Static<typeof ConfigFileReference>;

/** -1 means unlimited. */
export const Ulimit = struct({ Name: Text, Soft: Int64, Hard: Int64 });
export type Ulimit = Static<typeof Ulimit>;

export const ContainerSpec = struct({
  Image: Text,
  Labels: TextMap,
  Command: TextList,
  Args: TextList,
  Hostname: Text,
  Env: TextList,
  Dir: Text,
  User: Text,
  Groups: TextList,
  Privileges,
  Init: Flag,
  StopSignal: Text,
  TTY: Flag,
  OpenStdin: Flag,
  ReadOnly: Flag,
  Mounts: Type.Array(Mount),
  StopGracePeriod: Nanoseconds,
  /**
   * The description spells it `HealthCheck`; the engine writes, and its clients read and send,
   * `Healthcheck`.
   */
  Healthcheck: HealthConfig,
  /** Lines of `/etc/hosts`: address first, then names. */
  Hosts: TextList,
  DNSConfig,
  Secrets: Type.Array(SecretReference),
  Configs: Type.Array(ConfigFileReference),
  OomScoreAdj: Int64,
  Isolation: choice("default", "process", "hyperv"),
  Sysctls: TextMap,
  CapabilityAdd: TextList,
  CapabilityDrop: TextList,
  Ulimits: Type.Array(Ulimit),
});
export type ContainerSpec = Static<typeof ContainerSpec>;
