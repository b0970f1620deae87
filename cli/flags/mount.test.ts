import { resolve } from "node:path";

import { describe, expect, test } from "vitest";

import type { Mount } from "../../shared/docker-api/mount.js";
import { BadValueError } from "../errors.js";
import { parseMount } from "./mount.js";

describe("a mount", () => {
  test.each<[string, Mount]>([
    ["target=/a", { Type: "volume", Target: "/a" }],
    ["type=bind,src=/a,dst=/b", { Type: "bind", Source: "/a", Target: "/b" }],
    [
      "type=bind,source=./a,destination=/b,readonly",
      { Type: "bind", Source: resolve("./a"), Target: "/b", ReadOnly: true },
    ],
    ["dst=/b,ro=false", { Type: "volume", Target: "/b", ReadOnly: false }],
    [
      "TYPE=BIND,src=/a,dst=/b,bind-propagation=rshared,bind-create-src",
      {
        Type: "bind",
        Source: "/a",
        Target: "/b",
        BindOptions: { Propagation: "rshared", CreateMountpoint: true },
      },
    ],
    [
      "type=bind,src=/a,dst=/b,bind-recursive=disabled",
      { Type: "bind", Source: "/a", Target: "/b", BindOptions: { NonRecursive: true } },
    ],
    [
      "type=bind,src=/a,dst=/b,ro,bind-recursive=writable",
      {
        Type: "bind",
        Source: "/a",
        Target: "/b",
        ReadOnly: true,
        BindOptions: { ReadOnlyNonRecursive: true },
      },
    ],
    [
      "src=v,dst=/b,volume-nocopy,volume-label=a=b,volume-label=c,volume-subpath=x",
      {
        Type: "volume",
        Source: "v",
        Target: "/b",
        VolumeOptions: { NoCopy: true, Labels: { a: "b", c: "" }, Subpath: "x" },
      },
    ],
    [
      'src=v,dst=/b,volume-driver=nfs,volume-opt=o=addr,"volume-opt=x=1,2"',
      {
        Type: "volume",
        Source: "v",
        Target: "/b",
        VolumeOptions: { DriverConfig: { Name: "nfs", Options: { o: "addr", x: "1,2" } } },
      },
    ],
    [
      "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=1770",
      { Type: "tmpfs", Target: "/b", TmpfsOptions: { SizeBytes: 2 ** 20, Mode: 0o1770 } },
    ],
    [
      "type=image,src=i,dst=/b,image-subpath=x",
      { Type: "image", Source: "i", Target: "/b", ImageOptions: { Subpath: "x" } },
    ],
  ])("%s", (given, mount) => {
    expect(parseMount(given)).toEqual(mount);
  });

  test.each([
    ["", "value is empty"],
    ["type=bind", "target is required"],
    ["type=disk,dst=/a", "invalid value for type: disk (must be one of bind, cluster"],
    ["dst=/a,colour=red", "unexpected key 'colour' in 'colour=red'"],
    ["dst", "invalid field 'dst' must be a key=value pair"],
    ["dst=/a,ro=maybe", "invalid value for ro: maybe (must be true or false)"],
    ["type=bind,dst=/a,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'"],
    ["dst=/a,bind-propagation=shared", "cannot mix 'bind-*' options with mount type 'volume'"],
    ["dst=/a,tmpfs-size=x", "invalid value for tmpfs-size: x"],
    ["type=tmpfs,dst=/a,tmpfs-mode=rwx", "must be an octal mode"],
    ["type=bind,src=/a,dst=/a,bind-recursive=writable", "requires 'readonly'"],
    ["type=bind,src=/a,dst=/a,ro,bind-recursive=readonly", "requires 'bind-propagation=rprivate'"],
    ["type=bind,src=/a,dst=/a,bind-recursive=never", "must be one of enabled, disabled"],
  ])("not %s", (given, message) => {
    const parsing = (): Mount => parseMount(given);
    expect(parsing).toThrow(BadValueError);
    expect(parsing).toThrow(message);
  });
});
