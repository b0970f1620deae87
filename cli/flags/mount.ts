/** `--mount type=volume,source=data,target=/data,readonly`: Docker's keys, each in one table. */
import { isAbsolute, resolve } from "node:path";

import type { Mount, MountType } from "../../shared/docker-api/mount.js";
import { BadValueError } from "../errors.js";
import { parseBytes } from "./amounts.js";
import { csvPairs } from "./csv.js";
import { parseBoolean } from "./numbers.js";
import { cut } from "./parse-line.js";

/** While it is put together. */
type Draft = { -readonly [Key in keyof Mount]: Mount[Key] };

type Apply = (draft: Draft, value: string) => void;

const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;
const TYPES: readonly MountType[] = ["bind", "cluster", "image", "npipe", "tmpfs", "volume"];
const RECURSIONS = ["enabled", "disabled", "writable", "readonly"];

/** Keys that may stand alone: their presence means true. */
const SWITCHES = ["readonly", "ro", "volume-nocopy", "bind-nonrecursive", "bind-create-src"];

const setSource: Apply = (draft, value) => {
  draft.Source = value.startsWith(".") && !isAbsolute(value) ? resolve(value) : value;
};
const setTarget: Apply = (draft, value) => {
  draft.Target = value;
};
const setReadOnly: Apply = (draft, value) => {
  draft.ReadOnly = parseBoolean(value);
};

const KEYS: Readonly<Record<string, Apply>> = {
  type: (draft, value) => {
    draft.Type = oneOf(TYPES, value.toLowerCase());
  },
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadOnly,
  ro: setReadOnly,
  consistency: (draft, value) => {
    draft.Consistency = value.toLowerCase();
  },
  "bind-propagation": (draft, value) => {
    bind(draft).Propagation = oneOf(PROPAGATIONS, value.toLowerCase());
  },
  "bind-nonrecursive": (draft, value) => {
    bind(draft).NonRecursive = parseBoolean(value);
  },
  "bind-recursive": (draft, value) => {
    const recursion = oneOf(RECURSIONS, value);
    if (recursion === "disabled") bind(draft).NonRecursive = true;
    if (recursion === "writable") bind(draft).ReadOnlyNonRecursive = true;
    if (recursion === "readonly") bind(draft).ReadOnlyForceRecursive = true;
  },
  "bind-create-src": (draft, value) => {
    bind(draft).CreateMountpoint = parseBoolean(value);
  },
  "volume-subpath": (draft, value) => {
    volume(draft).Subpath = value;
  },
  "volume-nocopy": (draft, value) => {
    volume(draft).NoCopy = parseBoolean(value);
  },
  "volume-label": (draft, value) => {
    const options = volume(draft);
    options.Labels = { ...options.Labels, ...keyAndValue(value) };
  },
  "volume-driver": (draft, value) => {
    const options = volume(draft);
    options.DriverConfig = { ...options.DriverConfig, Name: value };
  },
  "volume-opt": (draft, value) => {
    const options = volume(draft);
    const given = { ...options.DriverConfig?.Options, ...keyAndValue(value) };
    options.DriverConfig = { ...options.DriverConfig, Options: given };
  },
  "image-subpath": (draft, value) => {
    draft.ImageOptions = { Subpath: value };
  },
  "tmpfs-size": (draft, value) => {
    draft.TmpfsOptions = { ...draft.TmpfsOptions, SizeBytes: parseBytes(value) };
  },
  "tmpfs-mode": (draft, value) => {
    if (!/^[0-7]{1,11}$/.test(value)) throw new BadValueError("must be an octal mode such as 1770");
    draft.TmpfsOptions = { ...draft.TmpfsOptions, Mode: Number.parseInt(value, 8) };
  },
};

/** @throws BadValueError */
export function parseMount(given: string): Mount {
  if (given.trim() === "") throw new BadValueError("value is empty");
  const draft: Draft = { Type: "volume" };
  for (const [name, value, field] of csvPairs(given.trim())) {
    const key = name.toLowerCase();
    const apply = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (value === undefined && !SWITCHES.includes(key)) {
      throw new BadValueError(`invalid field '${field}' must be a key=value pair`);
    }
    if (apply === undefined) throw new BadValueError(`unexpected key '${key}' in '${field}'`);
    applyField(apply, draft, key, value ?? "true");
  }
  checkMount(draft);
  return draft;
}

function applyField(apply: Apply, draft: Draft, key: string, value: string): void {
  try {
    apply(draft, value);
  } catch (cause) {
    if (!(cause instanceof BadValueError)) throw cause;
    throw new BadValueError(`invalid value for ${key}: ${value} (${cause.message})`);
  }
}

function checkMount(draft: Draft): void {
  if (draft.Target === undefined || draft.Target === "") {
    throw new BadValueError("target is required");
  }
  const given: readonly [MountType, unknown][] = [
    ["volume", draft.VolumeOptions],
    ["image", draft.ImageOptions],
    ["bind", draft.BindOptions],
    ["tmpfs", draft.TmpfsOptions],
  ];
  for (const [type, options] of given) {
    if (options !== undefined && draft.Type !== type) {
      throw new BadValueError(
        `cannot mix '${type}-*' options with mount type '${draft.Type ?? "volume"}'`,
      );
    }
  }
  checkRecursion(draft);
}

function checkRecursion({ BindOptions: options, ReadOnly: readOnly }: Draft): void {
  const asked = options?.ReadOnlyNonRecursive === true ? "writable" : "readonly";
  if (options?.ReadOnlyNonRecursive !== true && options?.ReadOnlyForceRecursive !== true) return;
  if (readOnly !== true) {
    throw new BadValueError(
      `option 'bind-recursive=${asked}' requires 'readonly' to be specified in conjunction`,
    );
  }
  if (asked === "readonly" && options.Propagation !== "rprivate") {
    throw new BadValueError(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
  }
}

function bind(draft: Draft): NonNullable<Mount["BindOptions"]> {
  draft.BindOptions ??= {};
  return draft.BindOptions;
}

function volume(draft: Draft): NonNullable<Mount["VolumeOptions"]> {
  draft.VolumeOptions ??= {};
  return draft.VolumeOptions;
}

function keyAndValue(text: string): Record<string, string> {
  const [key, value = ""] = cut(text, "=");
  return key === "" ? {} : { [key]: value };
}

function oneOf<const T extends string>(choices: readonly T[], given: string): T {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new BadValueError(`must be one of ${choices.join(", ")}`);
  return found;
}
