/** The flags of `service update`: of a list, single entries are added and taken away. */
import { namesOf } from "../../completion/sources.js";
import { parseExtraHost, parseIp } from "../../flags/addresses.js";
import { parseFileReference, parseNetwork } from "../../flags/attachments.js";
import {
  parseDnsSearch,
  parseGenericResource,
  parsePlacementPreference,
  parseUlimit,
} from "../../flags/container-values.js";
import { type FlagSet, type FlagValues, list, many, single, text } from "../../flags/flag.js";
import { parseLabel, parseVariable } from "../../flags/key-values.js";
import { parseMount } from "../../flags/mount.js";
import { toggle } from "../../flags/numbers.js";
import { shellWords } from "../../flags/shell-words.js";
import { ports } from "./create-flags.js";
import { SHARED_FLAGS } from "./shared-flags.js";

export const UPDATE_COMMAND_FLAGS = {
  ...SHARED_FLAGS,
  args: single("command", "Service command args", shellWords),
  "config-add": many("config", "Add or update a config file on a service", parseFileReference, {
    completion: namesOf("config"),
  }),
  "config-rm": list("Remove a configuration file"),
  "constraint-add": list("Add or update a placement constraint"),
  "constraint-rm": list("Remove a constraint"),
  "container-label-add": many("list", "Add or update a container label", parseLabel),
  "container-label-rm": list("Remove a container label by its key"),
  "dns-add": many("list", "Add or update a custom DNS server", parseIp),
  "dns-option-add": list("Add or update a DNS option"),
  "dns-option-rm": list("Remove a DNS option"),
  "dns-rm": list("Remove a custom DNS server"),
  "dns-search-add": many("list", "Add or update a custom DNS search domain", parseDnsSearch),
  "dns-search-rm": list("Remove a DNS search domain"),
  "env-add": many("list", "Add or update an environment variable", parseVariable, {
    completion: { kind: "environment" },
  }),
  "env-rm": list("Remove an environment variable"),
  force: toggle("Force update even if no changes require it"),
  "generic-resource-add": many("list", "Add a Generic resource", parseGenericResource),
  "generic-resource-rm": list("Remove a Generic resource"),
  "group-add": list("Add an additional supplementary user group to the container"),
  "group-rm": list("Remove a previously added supplementary user group from the container"),
  "host-add": many("list", 'Add a custom host-to-IP mapping ("host:ip")', parseExtraHost),
  "host-rm": list('Remove a custom host-to-IP mapping ("host:ip")'),
  image: text("Service image tag"),
  "label-add": many("list", "Add or update a service label", parseLabel),
  "label-rm": list("Remove a label by its key"),
  "mount-add": many("mount", "Add or update a mount on a service", parseMount),
  "mount-rm": list("Remove a mount by its target path"),
  "network-add": many("network", "Add a network", parseNetwork, {
    completion: namesOf("network"),
  }),
  "network-rm": list("Remove a network", { completion: namesOf("network") }),
  "placement-pref-add": many("pref", "Add a placement preference", parsePlacementPreference),
  "placement-pref-rm": many("pref", "Remove a placement preference", parsePlacementPreference),
  "publish-add": ports("Add or update a published port"),
  "publish-rm": ports("Remove a published port by its target port"),
  rollback: toggle("Rollback to previous specification"),
  "secret-add": many("secret", "Add or update a secret on a service", parseFileReference, {
    completion: namesOf("secret"),
  }),
  "secret-rm": list("Remove a secret"),
  "sysctl-add": list("Add or update a Sysctl option"),
  "sysctl-rm": list("Remove a Sysctl option"),
  "ulimit-add": many("ulimit", "Add or update a ulimit option (default [])", parseUlimit),
  "ulimit-rm": list("Remove a ulimit option"),
} satisfies FlagSet;

export type UpdateFlags = FlagValues<typeof UPDATE_COMMAND_FLAGS>;
