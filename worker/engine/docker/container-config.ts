/**
 * From a task's spec to the body of the engine's container-create call: pure, and complete. What
 * the engine calls otherwise than the spec is said here and nowhere else; what both call the same
 * passes unchanged, fields that we do not know included.
 */
import type { ContainerSpec, Privileges } from "../../../shared/docker-api/container-spec.js";
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { Mount } from "../../../shared/docker-api/mount.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { GenericShare } from "../../../shared/model/generic-resources.js";
import { PREDEFINED_NETWORKS } from "../../../shared/model/network.js";
import { genericEnvironment } from "../core/generic-environment.js";
import { fillEnvironment, fillPlaceholders, type PlaceholderValues } from "../core/placeholders.js";

export type ContainerConfig = Readonly<Record<string, unknown>>;

const NANOSECONDS_PER_SECOND = 1e9;
export interface ContainerConfigInput {
  readonly spec: TaskSpec;
  readonly hostPorts: readonly EndpointPortConfig[];
  readonly generics?: readonly GenericShare[];
  readonly values: PlaceholderValues;
  /** Those of the system: they win over the user's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where the task is on networks of the cluster. */
  readonly network?: ConfiguredNetwork;
}

/** Of the networks of the cluster, what goes into the body. */
export interface ConfiguredNetwork {
  /** Its first: Docker's `NetworkMode`. */
  readonly mode: string;
  /** Takes the place of the container's own. */
  readonly resolvConf: string;
  /** Beside `HostConfig`. */
  readonly endpoints: ContainerConfig;
}

/** @throws InvalidArgumentError for a placeholder that stands for nothing. */
export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { spec, values, hostPorts } = input;
  const container = spec.ContainerSpec ?? {};
  return compact({
    Image: container.Image,
    // A command takes the place of the image's entrypoint and its arguments with it;
    // arguments alone do not.
    Entrypoint: nonEmpty(container.Command),
    Cmd: nonEmpty(container.Args),
    Env: environment(input, container),
    WorkingDir: container.Dir,
    User: container.User,
    Hostname: fillPlaceholders(container.Hostname ?? "", values) || undefined,
    Labels: { ...container.Labels, ...input.labels },
    Tty: container.TTY,
    OpenStdin: container.OpenStdin,
    StopSignal: container.StopSignal,
    StopTimeout: stopTimeoutSeconds(container),
    Healthcheck: container.Healthcheck,
    ExposedPorts: hostPorts.length === 0 ? undefined : exposedPorts(hostPorts),
    HostConfig: hostConfig(input, container),
    ...input.network?.endpoints,
  });
}

/** As Docker's engine has it: what it was given comes last, and wins. */
function environment(
  { generics = [], values }: ContainerConfigInput,
  { Env: env }: ContainerSpec,
): readonly string[] | undefined {
  const filled = env?.map((entry) => fillEnvironment(entry, values));
  return generics.length === 0 ? filled : [...(filled ?? []), ...genericEnvironment(generics)];
}

function hostConfig(input: ContainerConfigInput, container: ContainerSpec): ContainerConfig {
  const { spec, values, hostPorts, network } = input;
  const [attachment] = spec.Networks ?? [];
  const isEngines = PREDEFINED_NETWORKS.includes(attachment?.Target ?? "");
  const mounts = (container.Mounts ?? []).map((mount) => filledMount(mount, values));
  return compact({
    ...resources(spec),
    Mounts: nonEmpty([...mounts, ...namesMount(network)]),
    PortBindings: hostPorts.length === 0 ? undefined : portBindings(hostPorts),
    NetworkMode: network?.mode ?? (isEngines ? attachment?.Target : undefined),
    ...(network === undefined && {
      Dns: nonEmpty(container.DNSConfig?.Nameservers),
      DnsSearch: nonEmpty(container.DNSConfig?.Search),
      DnsOptions: nonEmpty(container.DNSConfig?.Options),
    }),
    ExtraHosts: nonEmpty(extraHosts(container.Hosts ?? [])),
    GroupAdd: nonEmpty(container.Groups),
    ReadonlyRootfs: container.ReadOnly,
    Init: container.Init,
    Isolation: container.Isolation,
    Sysctls: container.Sysctls,
    CapAdd: nonEmpty(container.CapabilityAdd),
    CapDrop: nonEmpty(container.CapabilityDrop),
    Ulimits: nonEmpty(container.Ulimits),
    OomScoreAdj: container.OomScoreAdj,
    SecurityOpt: nonEmpty(securityOptions(container.Privileges ?? {})),
    LogConfig:
      spec.LogDriver?.Name === undefined
        ? undefined
        : { Type: spec.LogDriver.Name, Config: spec.LogDriver.Options ?? {} },
    // The cluster restarts tasks; an engine that did it too would run them behind its back.
    RestartPolicy: { Name: "no" },
  });
}

/** The engine would write a file of its own, with a resolver of its own. */
function namesMount(network: ConfiguredNetwork | undefined): ContainerConfig[] {
  if (network === undefined) return [];
  const { resolvConf: Source } = network;
  return [{ Type: "bind", Source, Target: "/etc/resolv.conf", ReadOnly: true }];
}

function resources({ Resources }: TaskSpec): ContainerConfig {
  const { Limits, Reservations, SwapBytes, MemorySwappiness } = Resources ?? {};
  return {
    NanoCpus: nonZero(Limits?.NanoCPUs),
    Memory: nonZero(Limits?.MemoryBytes),
    MemoryReservation: nonZero(Reservations?.MemoryBytes),
    // The engine counts memory and swap together; -1 is no limit.
    MemorySwap:
      SwapBytes === undefined || SwapBytes < 0
        ? SwapBytes
        : SwapBytes + (Limits?.MemoryBytes ?? 0) || undefined,
    MemorySwappiness,
    PidsLimit: nonZero(Limits?.Pids),
  };
}

function stopTimeoutSeconds({ StopGracePeriod }: ContainerSpec): number | undefined {
  if (StopGracePeriod === undefined) return undefined;
  return Math.ceil(StopGracePeriod / NANOSECONDS_PER_SECOND);
}

/** Docker fills placeholders in what names places, not in options that steer the mount itself. */
function filledMount(mount: Mount, values: PlaceholderValues): ContainerConfig {
  const { VolumeOptions: volume } = mount;
  const driver = volume?.DriverConfig;
  return compact({
    ...mount,
    Source: mount.Source === undefined ? undefined : fillPlaceholders(mount.Source, values),
    Target: mount.Target === undefined ? undefined : fillPlaceholders(mount.Target, values),
    VolumeOptions:
      volume === undefined
        ? undefined
        : compact({
            ...volume,
            Labels: filledMap(volume.Labels, values),
            DriverConfig:
              driver === undefined
                ? undefined
                : compact({ ...driver, Options: filledMap(driver.Options, values) }),
          }),
  });
}

function filledMap(
  map: Readonly<Record<string, string>> | undefined,
  values: PlaceholderValues,
): Record<string, string> | undefined {
  if (map === undefined) return undefined;
  const filled = Object.entries(map).map(([key, text]) => [key, fillPlaceholders(text, values)]);
  return Object.fromEntries(filled) as Record<string, string>;
}

/** `address name name…`, as in /etc/hosts, becomes one `name:address` each. */
function extraHosts(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [address = "", ...names] = line.trim().split(/\s+/);
    return names.map((name) => `${name}:${address}`);
  });
}

function securityOptions(privileges: Privileges): string[] {
  const { SELinuxContext: selinux, Seccomp: seccomp, AppArmor, CredentialSpec } = privileges;
  const options: string[] = [];
  if (selinux?.Disable === true) options.push("label=disable");
  for (const part of ["User", "Role", "Type", "Level"] as const) {
    const value = selinux?.[part] ?? "";
    if (value !== "") options.push(`label=${part.toLowerCase()}:${value}`);
  }
  if (seccomp?.Mode === "unconfined") options.push("seccomp=unconfined");
  // The profile travels as base64 (a Go byte slice) and is given to the engine as text.
  if (seccomp?.Mode === "custom") options.push(`seccomp=${fromBase64(seccomp.Profile ?? "")}`);
  if (AppArmor?.Mode === "disabled") options.push("apparmor=unconfined");
  if (privileges.NoNewPrivileges === true) options.push("no-new-privileges=true");
  if (CredentialSpec?.File !== undefined && CredentialSpec.File !== "") {
    options.push(`credentialspec=file://${CredentialSpec.File}`);
  }
  if (CredentialSpec?.Registry !== undefined && CredentialSpec.Registry !== "") {
    options.push(`credentialspec=registry://${CredentialSpec.Registry}`);
  }
  return options;
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function portKey({ TargetPort = 0, Protocol = "tcp" }: EndpointPortConfig): string {
  return `${TargetPort}/${Protocol}`;
}

function exposedPorts(ports: readonly EndpointPortConfig[]): ContainerConfig {
  return Object.fromEntries(ports.map((port) => [portKey(port), {}]));
}

/** Without a published port the engine chooses one. */
function portBindings(ports: readonly EndpointPortConfig[]): ContainerConfig {
  const bindings: Record<string, { HostPort: string }[]> = {};
  for (const port of ports) {
    const { PublishedPort = 0 } = port;
    (bindings[portKey(port)] ??= []).push({
      HostPort: PublishedPort === 0 ? "" : String(PublishedPort),
    });
  }
  return bindings;
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** Zero means no limit in the spec, and "the engine's own" where it is left out. */
function nonZero(amount: number | undefined): number | undefined {
  return amount === 0 ? undefined : amount;
}

function compact(config: ContainerConfig): ContainerConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== ""),
  );
}
