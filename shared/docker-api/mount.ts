/** What is mounted into a task's container, from where and how. */
import { type Static, Type } from "@sinclair/typebox";

import { Driver } from "./driver.js";
import { choice, Flag, Int64, struct, Text, TextList, TextMap, Uint32 } from "./schema.js";

export const MountType = choice("bind", "cluster", "image", "npipe", "tmpfs", "volume");
export type MountType = Static<typeof MountType>;

export const BindOptions = struct({
  Propagation: choice("private", "rprivate", "shared", "rshared", "slave", "rslave"),
  NonRecursive: Flag,
  CreateMountpoint: Flag,
  ReadOnlyNonRecursive: Flag,
  ReadOnlyForceRecursive: Flag,
});
export type BindOptions = Static<typeof BindOptions>;

export const VolumeOptions = struct({
  NoCopy: Flag,
  Labels: TextMap,
  DriverConfig: Driver,
  Subpath: Text,
});
export type VolumeOptions = Static<typeof VolumeOptions>;

export const ImageOptions = struct({ Subpath: Text });
export type ImageOptions = Static<typeof ImageOptions>;

export const TmpfsOptions = struct({
  SizeBytes: Int64,
  /** Go's file mode: the permission bits are the lowest nine. */
  Mode: Uint32,
  /** Each is a flag alone or a key and its value. */
  Options: Type.Array(TextList),
});
export type TmpfsOptions = Static<typeof TmpfsOptions>;

export const Mount = struct({
  Type: MountType,
  Source: Text,
  Target: Text,
  ReadOnly: Flag,
  Consistency: Text,
  BindOptions,
  VolumeOptions,
  ImageOptions,
  TmpfsOptions,
});
export type Mount = Static<typeof Mount>;
