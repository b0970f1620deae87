/** What the flags of `service update` make of a service's container. */
import type {
  ContainerSpec,
  DNSConfig,
  HealthConfig,
} from "../../../shared/docker-api/container-spec.js";
import { UsageError } from "../../errors.js";
import { normalizeCapability } from "../../flags/container-values.js";
import { cut } from "../../flags/parse-line.js";
import { present, presentIfAny } from "../../present.js";
import { editByKey, editMap, editSet, ifEdited, keyOfPair } from "./edit-lists.js";
import type { UpdateFlags } from "./update-flags.js";

/** Secrets, configs and credentials, which need the daemon, are edited elsewhere. */
export function editedContainer(before: ContainerSpec, flags: UpdateFlags): ContainerSpec {
  return {
    ...before,
    ...present({
      Image: flags.image,
      Args: flags.args,
      Command: flags.entrypoint,
      Dir: flags.workdir,
      User: flags.user,
      Hostname: flags.hostname,
      Init: flags.init,
      Isolation: flags.isolation as ContainerSpec["Isolation"] | undefined,
      OomScoreAdj: flags["oom-score-adj"],
      StopGracePeriod: flags["stop-grace-period"],
      StopSignal: flags["stop-signal"],
      TTY: flags.tty,
      ReadOnly: flags["read-only"],
      Healthcheck: editedHealth(before.Healthcheck, flags),
    }),
    ...editedLists(before, flags),
    ...editedCapabilities(before, flags),
  };
}

function editedLists(before: ContainerSpec, flags: UpdateFlags): ContainerSpec {
  const mounts = { add: flags["mount-add"], remove: flags["mount-rm"] };
  const variables = { add: flags["env-add"], remove: flags["env-rm"] };
  const ulimits = { add: flags["ulimit-add"], remove: flags["ulimit-rm"]?.map(keyOfPair) };
  const groups = { add: flags["group-add"], remove: flags["group-rm"] };
  return present({
    Labels: editMap(before.Labels, {
      add: flags["container-label-add"],
      remove: flags["container-label-rm"],
    }),
    Sysctls: editMap(before.Sysctls, {
      add: flags["sysctl-add"],
      remove: flags["sysctl-rm"]?.map(keyOfPair),
    }),
    Env: ifEdited(variables, (edit) => editByKey(before.Env, keyOfPair, edit)),
    Mounts: ifEdited(mounts, (edit) =>
      editByKey(before.Mounts, ({ Target: target = "" }) => target, edit).toSorted(
        (a, b) =>
          (a.Source ?? "").localeCompare(b.Source ?? "") ||
          (a.Target ?? "").localeCompare(b.Target ?? ""),
      ),
    ),
    Ulimits: ifEdited(ulimits, (edit) =>
      editByKey(before.Ulimits, ({ Name: name = "" }) => name, edit).toSorted((a, b) =>
        (a.Name ?? "").localeCompare(b.Name ?? ""),
      ),
    ),
    Groups: ifEdited(groups, (edit) => editSet(before.Groups, edit)),
    DNSConfig: editedDns(before.DNSConfig ?? {}, flags),
    Hosts: editedHosts(before.Hosts ?? [], flags),
  });
}

function editedDns(before: DNSConfig, flags: UpdateFlags): DNSConfig | undefined {
  const servers = { add: flags["dns-add"], remove: flags["dns-rm"] };
  const search = { add: flags["dns-search-add"], remove: flags["dns-search-rm"] };
  const options = { add: flags["dns-option-add"], remove: flags["dns-option-rm"] };
  const edited = presentIfAny({
    Nameservers: ifEdited(servers, (edit) => editSet(before.Nameservers, edit)),
    Search: ifEdited(search, (edit) => editSet(before.Search, edit)),
    Options: ifEdited(options, (edit) => editSet(before.Options, edit)),
  });
  return edited && { ...before, ...edited };
}

/**
 * Lines of `/etc/hosts`, whose order matters: the first of a name counts. `name` is taken from
 * every line, `name:address` from that address's alone; a line without names goes.
 */
function editedHosts(before: readonly string[], flags: UpdateFlags): string[] | undefined {
  const { "host-add": added, "host-rm": removed } = flags;
  if (added === undefined && removed === undefined) return undefined;
  const kept = before.flatMap((line) => {
    const [address = "", ...names] = line.split(/\s+/);
    const left = names.filter((name) => !isRemoved(name, address, removed ?? []));
    return left.length === 0 ? [] : [[address, ...left].join(" ")];
  });
  return [...new Set([...kept, ...(added ?? [])])];
}

function isRemoved(name: string, address: string, removals: readonly string[]): boolean {
  return removals.some((removal) => {
    const [removedName, removedAddress = ""] = cut(removal, ":");
    return removedName === name && (removedAddress === "" || removedAddress === address);
  });
}

function editedHealth(
  before: HealthConfig | undefined,
  flags: UpdateFlags,
): HealthConfig | undefined {
  const command = flags["health-cmd"];
  const given = presentIfAny({
    Test: command === undefined ? undefined : command === "" ? [] : ["CMD-SHELL", command],
    Interval: flags["health-interval"],
    Timeout: flags["health-timeout"],
    Retries: flags["health-retries"],
    StartPeriod: flags["health-start-period"],
    StartInterval: flags["health-start-interval"],
  });
  if (flags["no-healthcheck"] === true) {
    if (given === undefined) return { Test: ["NONE"] };
    throw new UsageError("--no-healthcheck conflicts with --health-* options");
  }
  if (given === undefined) return undefined;
  const { Test: test = [], ...rest } = before ?? {};
  // A check that was switched off is on again once something is said about it.
  return { ...rest, ...(test.length === 0 || test[0] === "NONE" ? {} : { Test: test }), ...given };
}

/**
 * What was dropped and is added is first no longer dropped, and only at the next time added; so
 * the other way round. Adding wins over dropping; `RESET` empties its list.
 */
function editedCapabilities(before: ContainerSpec, flags: UpdateFlags): ContainerSpec {
  if (flags["cap-add"] === undefined && flags["cap-drop"] === undefined) return {};
  const toAdd = capabilitySet(flags["cap-add"]);
  const toDrop = capabilitySet(flags["cap-drop"]);
  const added = toAdd.delete("RESET") ? new Set<string>() : capabilitySet(before.CapabilityAdd);
  const dropped = toDrop.delete("RESET") ? new Set<string>() : capabilitySet(before.CapabilityDrop);
  for (const capability of toDrop) {
    if (!toAdd.has(capability) && !added.delete(capability)) dropped.add(capability);
  }
  for (const capability of toAdd) {
    if (!dropped.delete(capability)) added.add(capability);
  }
  return { CapabilityAdd: sortedCapabilities(added), CapabilityDrop: sortedCapabilities(dropped) };
}

function capabilitySet(names: readonly string[] | undefined): Set<string> {
  return new Set((names ?? []).map(normalizeCapability));
}

function sortedCapabilities(names: ReadonlySet<string>): string[] {
  return names.has("ALL") ? ["ALL"] : [...names].sort();
}
