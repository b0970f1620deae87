/** `skep service inspect --pretty`. */
import type { ContainerSpec, HealthConfig } from "../../shared/docker-api/container-spec.js";
import type {
  RollbackConfig,
  Service,
  ServiceMode,
  UpdateConfig,
} from "../../shared/docker-api/service-spec.js";
import type { Placement, ResourceRequirements } from "../../shared/docker-api/task-spec.js";
import { goDuration, humanDuration, humanSize } from "./human.js";
import { line, page, type PageLine, pairLines, section } from "./page.js";

const NANO = 1e9;

export interface ServicePageOptions {
  /** By id, as the task template names them. */
  readonly networkNames: ReadonlyMap<string, string>;
  readonly wallMs: number;
}

export function servicePage(
  service: Service,
  { networkNames, wallMs }: ServicePageOptions,
): string {
  const { Spec: spec, Endpoint: endpoint } = service;
  const { TaskTemplate: task = {} } = spec;
  const container = task.ContainerSpec ?? {};
  const networks = (task.Networks ?? []).map(
    ({ Target: id = "" }) => ` ${networkNames.get(id) ?? id}`,
  );
  return page([
    "",
    `ID:\t\t${service.ID}`,
    `Name:\t\t${spec.Name ?? ""}`,
    section("Labels:", pairLines(" ", spec.Labels)),
    `Service Mode:${modeText(spec.Mode ?? {})}`,
    updateStatus(service, wallMs),
    rebalanceStatus(service),
    placementSection(task.Placement ?? {}),
    updateSection("UpdateConfig:", "Update order:     ", spec.UpdateConfig),
    updateSection("RollbackConfig:", "Rollback order:   ", spec.RollbackConfig),
    containerSection(container),
    section("Configs:", filesOf(container.Configs ?? [], "ConfigName")),
    section("Secrets:", filesOf(container.Secrets ?? [], "SecretName")),
    logSection(task.LogDriver),
    resourcesSection(task.Resources),
    networks.length === 0 ? undefined : `Networks:${networks.join("")} `,
    `Endpoint Mode:\t${spec.EndpointSpec?.Mode ?? ""}`,
    section(
      "Ports:",
      (endpoint.Ports ?? []).map((port) =>
        [
          ` PublishedPort = ${port.PublishedPort ?? 0}`,
          `  Protocol = ${port.Protocol ?? "tcp"}`,
          `  TargetPort = ${port.TargetPort ?? 0}`,
          `  PublishMode = ${port.PublishMode ?? "ingress"}`,
        ].join("\n"),
      ),
    ),
    healthSection(container.Healthcheck),
    "",
  ]);
}

function modeText(mode: ServiceMode): string {
  if (mode.Global !== undefined) return "\tGlobal";
  if (mode.GlobalJob !== undefined) return "\tGlobal Job";
  if (mode.ReplicatedJob !== undefined) {
    const { MaxConcurrent: concurrent = 1, TotalCompletions: total = 1 } = mode.ReplicatedJob;
    return `\tReplicated Job\n Max Concurrent:\t${concurrent}\n Total Completions:\t${total}`;
  }
  return `\tReplicated\n Replicas:\t${mode.Replicated?.Replicas ?? 0}`;
}

function rebalanceStatus({ RebalanceStatus: status }: Service): PageLine {
  if (status === undefined) return undefined;
  return section("RebalanceStatus:", [
    ` State:\t\t${status.State ?? ""}`,
    ` Message:\t${status.Message ?? ""}`,
  ]);
}

function updateStatus({ UpdateStatus: status }: Service, wallMs: number): PageLine {
  if (status?.State === undefined) return undefined;
  const ago = (timestamp: string | undefined): string | undefined =>
    timestamp === undefined ? undefined : `${humanDuration(wallMs - Date.parse(timestamp))} ago`;
  return section("UpdateStatus:", [
    ` State:\t\t${status.State}`,
    line(" Started:\t", ago(status.StartedAt)),
    status.State === "completed" ? line(" Completed:\t", ago(status.CompletedAt)) : undefined,
    ` Message:\t${status.Message ?? ""}`,
  ]);
}

function placementSection(placement: Placement): string {
  const {
    Constraints: constraints = [],
    Preferences: preferences = [],
    MaxReplicas: max = 0,
  } = placement;
  const spreads = preferences.map(
    ({ Spread: spread }) => `spread=${spread?.SpreadDescriptor ?? ""}`,
  );
  return page([
    "Placement:",
    constraints.length === 0 ? undefined : ` Constraints:\t[${constraints.join(" ")}]`,
    spreads.length === 0 ? undefined : ` Preferences:   [${spreads.join(" ")}]`,
    max === 0 ? undefined : ` Max Replicas Per Node:   ${max}`,
  ]).trimEnd();
}

function updateSection(
  title: string,
  orderHeading: string,
  config: UpdateConfig | RollbackConfig | undefined,
): PageLine {
  if (config === undefined) return undefined;
  const { Delay: delay = 0, Monitor: monitor = 0 } = config;
  return section(title, [
    ` Parallelism:\t${config.Parallelism ?? 0}`,
    delay > 0 ? ` Delay:\t\t${goDuration(delay)}` : undefined,
    ` On failure:\t${config.FailureAction ?? ""}`,
    monitor > 0 ? ` Monitoring Period: ${goDuration(monitor)}` : undefined,
    ` Max failure ratio: ${config.MaxFailureRatio ?? 0}`,
    ` ${orderHeading} ${config.Order ?? ""}`,
  ]);
}

function containerSection(container: ContainerSpec): PageLine {
  const capabilities = section("Capabilities:", [
    line(" Add: ", (container.CapabilityAdd ?? []).join(", ")),
    line(" Drop: ", (container.CapabilityDrop ?? []).join(", ")),
  ]);
  const mounts = (container.Mounts ?? []).map((mount) =>
    [
      ` Target:\t${mount.Target ?? ""}`,
      `  Source:\t${mount.Source ?? ""}`,
      `  ReadOnly:\t${mount.ReadOnly ?? false}`,
      `  Type:\t\t${mount.Type ?? ""}`,
    ].join("\n"),
  );
  const ulimits = (container.Ulimits ?? []).map(
    ({ Name: name = "", Soft: soft = 0, Hard: hard = 0 }) => ` ${name}: ${soft}:${hard}`,
  );
  return section("ContainerSpec:", [
    ` Image:\t\t${container.Image ?? ""}`,
    spaced(" Args:\t\t", container.Args),
    spaced(" Env:\t\t", container.Env),
    line(" Dir:\t\t", container.Dir),
    container.Init === undefined ? undefined : ` Init:\t\t${container.Init}`,
    line(" User: ", container.User),
    capabilities,
    section("SysCtls:", pairLines(" ", container.Sysctls, ": ")),
    section("Ulimits:", ulimits.toSorted()),
    section("Mounts:", mounts),
  ]);
}

/** Docker leaves a blank after the last word, too. */
function spaced(heading: string, words: readonly string[] | undefined): PageLine {
  if (words === undefined || words.length === 0) return undefined;
  return `${heading}${words.map((word) => `${word} `).join("")}`;
}

function filesOf<Name extends "ConfigName" | "SecretName">(
  references: readonly ({ readonly File?: { readonly Name?: string } } & {
    readonly [Key in Name]?: string;
  })[],
  name: Name,
): string[] {
  return references.map(
    (reference) => ` Target:\t${reference.File?.Name ?? ""}\n  Source:\t${reference[name] ?? ""}`,
  );
}

function logSection(
  driver:
    { readonly Name?: string; readonly Options?: Readonly<Record<string, string>> } | undefined,
): PageLine {
  if (driver === undefined) return undefined;
  return section("Log Driver:", [
    line(" Name:\t\t", driver.Name),
    section(" LogOpts:", pairLines("  ", driver.Options, ":       ")),
    "",
  ]);
}

function resourcesSection(resources: ResourceRequirements | undefined): PageLine {
  if (resources === undefined) return undefined;
  const { Reservations: reserved, Limits: limits } = resources;
  return [
    "Resources:",
    section(" Reservations:", amounts(reserved?.NanoCPUs, reserved?.MemoryBytes)),
    section(" Limits:", [
      ...amounts(limits?.NanoCPUs, limits?.MemoryBytes),
      (limits?.Pids ?? 0) > 0 ? `  PIDs:\t\t${limits?.Pids ?? 0}` : undefined,
    ]),
  ]
    .filter((one) => one !== undefined)
    .join("\n");
}

function amounts(nanoCpus = 0, memoryBytes = 0): PageLine[] {
  return [
    nanoCpus > 0 ? `  CPU:\t\t${nanoCpus / NANO}` : undefined,
    memoryBytes > 0 ? `  Memory:\t${humanSize(memoryBytes)}` : undefined,
  ];
}

function healthSection(health: HealthConfig | undefined): PageLine {
  if (health === undefined) return undefined;
  return section(" Healthcheck:", [
    `  Interval = ${goDuration(health.Interval ?? 0)}`,
    `  Retries = ${health.Retries ?? 0}`,
    `  StartPeriod =\t${goDuration(health.StartPeriod ?? 0)}`,
    `  Timeout =\t${goDuration(health.Timeout ?? 0)}`,
    section(
      "  Tests:",
      (health.Test ?? []).map((test) => `\t Test = ${test}`),
    ),
  ]);
}
