/** `skep info`: this host, its engine, and its place in the swarm. */
import type { SwarmInfo, SystemInfo } from "../../shared/docker-api/system.js";
import { SKEP_VERSION } from "../../shared/skep-version.js";
import { defineCommand, NO_ARGUMENTS } from "../command.js";
import { printLine } from "../context.js";
import type { FlagSet } from "../flags/flag.js";
import { humanDurationNs, humanSize } from "../output/human.js";
import { INSPECT_FLAGS } from "../output/inspect.js";
import { line, page, type PageLine, section } from "../output/page.js";

const FLAGS = { format: INSPECT_FLAGS.format } satisfies FlagSet;

export const infoCommand = defineCommand({
  name: "info",
  summary: "Display information on this host and its swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout, stderr }, { flags }) {
    const info = await client.call<SystemInfo>("GET", "/info");
    stdout.write(await rendered(info, flags.format));
    for (const warning of info.Warnings ?? []) printLine(stderr, warning);
  },
});

async function rendered(info: SystemInfo, format: string | undefined): Promise<string> {
  if (format === undefined || format === "") return infoPage(info);
  if (format === "json") return `${JSON.stringify(info)}\n`;
  const [{ Template }, { modelOf }, { SystemInfo: schema }] = await Promise.all([
    import("../output/template/template.js"),
    import("../output/template/schema-model.js"),
    import("../../shared/docker-api/system.js"),
  ]);
  return `${new Template(format).render(info, { model: modelOf(schema, info) })}\n`;
}

function infoPage(info: SystemInfo): string {
  return page([
    "Client:",
    ` Version:    ${SKEP_VERSION}`,
    "",
    "Server:",
    ...engineLines(info),
    ...swarmLines(info.Swarm),
    line(" Kernel Version: ", info.KernelVersion),
    line(" Operating System: ", info.OperatingSystem),
    line(" OSType: ", info.OSType),
    line(" Architecture: ", info.Architecture),
    line(" CPUs: ", info.NCPU),
    info.MemTotal === undefined ? undefined : ` Total Memory: ${humanSize(info.MemTotal)}`,
    line(" Name: ", info.Name),
    line(" ID: ", info.ID),
    line(" Docker Root Dir: ", info.DockerRootDir),
    section(
      " Labels:",
      (info.Labels ?? []).map((label) => `  ${label}`),
    ),
  ]);
}

/** An engine counts its containers; a host without one leaves these lines out. */
function engineLines(info: SystemInfo): PageLine[] {
  const { Plugins: plugins } = info;
  return [
    info.Containers === undefined
      ? undefined
      : section(` Containers: ${info.Containers}`, [
          `  Running: ${info.ContainersRunning ?? 0}`,
          `  Paused: ${info.ContainersPaused ?? 0}`,
          `  Stopped: ${info.ContainersStopped ?? 0}`,
        ]),
    line(" Images: ", info.Images),
    line(" Server Version: ", info.ServerVersion),
    line(" Storage Driver: ", info.Driver),
    line(" Logging Driver: ", info.LoggingDriver),
    line(" Cgroup Driver: ", info.CgroupDriver),
    line(" Cgroup Version: ", info.CgroupVersion),
    section(" Plugins:", [
      line("  Volume: ", plugins?.Volume?.join(" ")),
      line("  Network: ", plugins?.Network?.join(" ")),
      line("  Log: ", plugins?.Log?.join(" ")),
    ]),
  ];
}

function swarmLines(swarm: SwarmInfo | undefined): PageLine[] {
  const state = swarm?.LocalNodeState ?? "";
  if (swarm === undefined || state === "" || state === "inactive" || state === "locked") {
    return [` Swarm: ${state === "" ? "inactive" : state}`];
  }
  const managers = (swarm.RemoteManagers ?? []).map(({ Addr: address = "" }) => `   ${address}`);
  return [
    ` Swarm: ${state}`,
    `  NodeID: ${swarm.NodeID}`,
    line("  Error: ", swarm.Error),
    `  Is Manager: ${swarm.ControlAvailable}`,
    ...clusterLines(swarm),
    line("  Node Address: ", swarm.NodeAddr),
    section("  Manager Addresses:", managers.toSorted()),
  ];
}

function clusterLines({ Cluster: cluster, ...swarm }: SwarmInfo): PageLine[] {
  if (cluster === undefined || !swarm.ControlAvailable) return [];
  const { Orchestration: orchestration, Raft: raft, Dispatcher: dispatcher } = cluster.Spec;
  const { CAConfig: ca, EncryptionConfig: encryption } = cluster.Spec;
  const pools = cluster.DefaultAddrPool ?? [];
  return [
    `  ClusterID: ${cluster.ID}`,
    `  Managers: ${swarm.Managers ?? 0}`,
    `  Nodes: ${swarm.Nodes ?? 0}`,
    pools.length === 0 ? undefined : `  Default Address Pool: ${pools.join("  ")}`,
    pools.length === 0 ? undefined : `  SubnetSize: ${cluster.SubnetSize ?? 0}`,
    (cluster.DataPathPort ?? 0) > 0 ? `  Data Path Port: ${cluster.DataPathPort ?? 0}` : undefined,
    "  Orchestration:",
    `   Task History Retention Limit: ${orchestration?.TaskHistoryRetentionLimit ?? 0}`,
    "  Raft:",
    `   Snapshot Interval: ${raft?.SnapshotInterval ?? 0}`,
    line("   Number of Old Snapshots to Retain: ", raft?.KeepOldSnapshots),
    `   Heartbeat Tick: ${raft?.HeartbeatTick ?? 0}`,
    `   Election Tick: ${raft?.ElectionTick ?? 0}`,
    "  Dispatcher:",
    `   Heartbeat Period: ${humanDurationNs(dispatcher?.HeartbeatPeriod ?? 0)}`,
    "  CA Configuration:",
    `   Expiry Duration: ${humanDurationNs(ca?.NodeCertExpiry ?? 0)}`,
    `   Force Rotate: ${ca?.ForceRotate ?? 0}`,
    `  Autolock Managers: ${encryption?.AutoLockManagers ?? false}`,
    `  Root Rotation In Progress: ${cluster.RootRotationInProgress ?? false}`,
  ];
}
