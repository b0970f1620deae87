/** Flags that name another object and say how the container sees it: networks, secrets, configs. */
import type { FileTarget } from "../../shared/docker-api/container-spec.js";
import type { NetworkAttachmentConfig } from "../../shared/docker-api/task-spec.js";
import { BadValueError } from "../errors.js";
import { csvFields, csvPairs } from "./csv.js";
import { parseUint } from "./numbers.js";
import { cut } from "./parse-line.js";

const READABLE_BY_ALL = 0o444;

/** `key=value`, anywhere in the text, tells the long form from the short. */
const LONG_FORM = /\w+=\w+/;

/** A secret or a config by name; the daemon wants its id as well. */
export interface FileReference {
  readonly name: string;
  readonly file: Required<FileTarget>;
}

/** `name`, or `source=name,target=/path,uid=0,gid=0,mode=0444` @throws BadValueError */
export function parseFileReference(given: string): FileReference {
  const root = { UID: "0", GID: "0", Mode: READABLE_BY_ALL };
  const [only, ...others] = csvFields(given);
  if (only !== undefined && others.length === 0 && !only.includes("=")) {
    return { name: only, file: { Name: only, ...root } };
  }
  let name = "";
  const file = { Name: "", ...root };
  for (const [key, value, field] of csvPairs(given)) {
    if (value === undefined || key === "") {
      throw new BadValueError(`invalid field '${field}' must be a key=value pair`);
    }
    switch (key.toLowerCase()) {
      case "source":
      case "src":
        name = value;
        break;
      case "target":
        file.Name = value;
        break;
      case "uid":
        file.UID = value;
        break;
      case "gid":
        file.GID = value;
        break;
      case "mode":
        file.Mode = parseUint(value);
        break;
      default:
        throw new BadValueError(`invalid field '${key}' (use source, target, uid, gid or mode)`);
    }
  }
  if (name === "") throw new BadValueError("source is required");
  return { name, file: { ...file, Name: file.Name === "" ? name : file.Name } };
}

/** `name`, or `name=net,alias=web,driver-opt=key=value` @throws BadValueError */
export function parseNetwork(given: string): NetworkAttachmentConfig {
  if (!LONG_FORM.test(given)) return { Target: given };
  const aliases: string[] = [];
  const driverOptions: Record<string, string> = {};
  let target = "";
  for (const [key, value, field] of csvPairs(given)) {
    if (value === undefined || key === "") throw new BadValueError(`invalid field ${field}`);
    switch (key.trim().toLowerCase()) {
      case "name":
        target = value.trim();
        break;
      case "alias":
        aliases.push(value.trim());
        break;
      case "driver-opt": {
        const [option, setting] = cut(value, "=");
        if (setting === undefined || option === "") {
          throw new BadValueError("invalid key value pair format in driver options");
        }
        driverOptions[option.trim()] = setting.trim();
        break;
      }
      default:
        throw new BadValueError(`invalid field key ${key} (use name, alias or driver-opt)`);
    }
  }
  if (target === "") throw new BadValueError("network name/id is not specified");
  return {
    Target: target,
    Aliases: aliases,
    ...(Object.keys(driverOptions).length === 0 ? {} : { DriverOpts: driverOptions }),
  };
}
