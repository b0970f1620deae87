/** The flags of `service create`. */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import { namesOf, words } from "../../completion/sources.js";
import { parseExtraHost, parseIp } from "../../flags/addresses.js";
import { parseFileReference, parseNetwork } from "../../flags/attachments.js";
import {
  parseDnsSearch,
  parseGenericResource,
  parsePlacementPreference,
  parseUlimit,
} from "../../flags/container-values.js";
import { type Flag, type FlagSet, type FlagValues, list, many, text } from "../../flags/flag.js";
import { parseLabel, parseVariable } from "../../flags/key-values.js";
import { parseMount } from "../../flags/mount.js";
import { parsePublish } from "../../flags/publish.js";
import { SHARED_FLAGS } from "./shared-flags.js";

const ENVIRONMENT = { kind: "environment" } as const;

/** One value can publish a range of ports. */
export function ports(summary: string, short?: string): Flag<EndpointPortConfig[]> {
  return {
    short,
    takes: "port",
    summary,
    parse: (given, before = []) => [...before, ...parsePublish(given)],
  };
}

export const CREATE_FLAGS = {
  ...SHARED_FLAGS,
  config: many("config", "Specify configurations to expose to the service", parseFileReference, {
    completion: namesOf("config"),
  }),
  constraint: list("Placement constraints"),
  "container-label": many("list", "Container labels", parseLabel),
  dns: many("list", "Set custom DNS servers", parseIp),
  "dns-option": list("Set DNS options"),
  "dns-search": many("list", "Set custom DNS search domains", parseDnsSearch),
  env: many("list", "Set environment variables", parseVariable, {
    short: "e",
    completion: ENVIRONMENT,
  }),
  "env-file": list("Read in a file of environment variables", { completion: { kind: "files" } }),
  "generic-resource": many("list", "User defined resources", parseGenericResource),
  group: list("Set one or more supplementary user groups for the container"),
  host: many("list", "Set one or more custom host-to-IP mappings (host:ip)", parseExtraHost),
  label: many("list", "Service labels", parseLabel, { short: "l" }),
  mode: text(
    'Service mode ("replicated", "global", "replicated-job", "global-job") (default "replicated")',
    { completion: words("replicated", "global", "replicated-job", "global-job") },
  ),
  mount: many("mount", "Attach a filesystem mount to the service", parseMount),
  name: text("Service name"),
  network: many("network", "Network attachments", parseNetwork, {
    completion: namesOf("network"),
  }),
  "placement-pref": many("pref", "Add a placement preference", parsePlacementPreference),
  publish: ports("Publish a port as a node port", "p"),
  secret: many("secret", "Specify secrets to expose to the service", parseFileReference, {
    completion: namesOf("secret"),
  }),
  sysctl: list("Sysctl options"),
  ulimit: many("ulimit", "Ulimit options (default [])", parseUlimit),
} satisfies FlagSet;

export type CreateFlags = FlagValues<typeof CREATE_FLAGS>;
