/** How a laboratory is at the moment: asked of the kernel, the engines and the daemons, never noted. */
import type { Node } from "../../shared/docker-api/node-spec.js";
import { callEngine } from "../provision/engine-api.mjs";
import type { DaemonName } from "./daemons.js";
import type { Laboratory } from "./laboratory.js";
import type { LabHost } from "./layout.js";
import type { LinkState } from "./network.js";

/** A daemon that is there answers in milliseconds; one that hangs is shown as such. */
const ANSWER_LIMIT_MS = 3_000;

export interface DaemonStatus {
  /** As this machine counts. */
  readonly pid: number;
  /** Undefined: it runs, and does not answer. */
  readonly version: string | undefined;
}

export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly link: LinkState;
  /** That it cannot hear, though both have their cable in. */
  readonly cutOffFrom: readonly string[];
  readonly runs: "yes" | "paused" | "no";
  /** Undefined: it does not run. */
  readonly dockerd: DaemonStatus | undefined;
  readonly skepd: DaemonStatus | undefined;
  /** How a manager sees it: "ready, worker"; else what its own skepd says of itself; undefined: nobody knows. */
  readonly node: string | undefined;
  /** That run on its engine; undefined: it does not answer. */
  readonly containers: number | undefined;
}

/** What a skepd says of itself where no manager can be asked. */
const SWARM_WORDS: Readonly<Record<string, string>> = {
  inactive: "in no cluster",
  active: "in a cluster",
};

interface SwarmInfo {
  readonly NodeID?: string;
  readonly LocalNodeState?: string;
  readonly ControlAvailable?: boolean;
}

export async function lookAt(lab: Laboratory): Promise<HostStatus[]> {
  const links = await lab.linkStates();
  const apart = await lab.separations();
  const swarms = new Map(
    await Promise.all(
      lab.hosts.map(async (host) => [host.name, await swarmOf(lab, host)] as const),
    ),
  );
  const manager = lab.hosts.find(({ name }) => swarms.get(name)?.ControlAvailable === true);
  const nodes = manager === undefined ? [] : await nodesOf(manager);
  return Promise.all(
    lab.hosts.map(async (host) => {
      const { name, address } = host;
      return {
        ...{ name, address },
        link: links.get(name) ?? "off",
        cutOffFrom: apart.get(name) ?? [],
        runs: runs(lab, name),
        dockerd: await daemonOf(lab, host, "dockerd"),
        skepd: await daemonOf(lab, host, "skepd"),
        node: describeNode(host, swarms.get(name), nodes),
        containers: await containersOf(lab, host),
      };
    }),
  );
}

function describeNode(
  { name }: LabHost,
  swarm: SwarmInfo | undefined,
  nodes: readonly Node[],
): string | undefined {
  const own = nodes.find(({ ID }) => ID === swarm?.NodeID);
  // Of a host that cannot be asked the name must do; one that joined again has left nodes behind.
  const named = nodes.filter(({ Description }) => Description.Hostname === name);
  const likely = named.find(({ Status }) => Status.State === "ready") ?? named.at(-1);
  const node = own ?? (swarm === undefined ? likely : undefined);
  if (node === undefined) return SWARM_WORDS[swarm?.LocalNodeState ?? ""] ?? swarm?.LocalNodeState;
  const role = node.ManagerStatus?.Leader === true ? "leader" : (node.Spec.Role ?? "worker");
  return `${node.Status.State ?? "unknown"}, ${role}`;
}

async function swarmOf(lab: Laboratory, host: LabHost): Promise<SwarmInfo | undefined> {
  if (!canAnswer(lab, host, "skepd")) return undefined;
  const info = await answerOf(host.skepSocket, "/info");
  return (info as { readonly Swarm?: SwarmInfo } | undefined)?.Swarm;
}

async function nodesOf(manager: LabHost): Promise<readonly Node[]> {
  return ((await answerOf(manager.skepSocket, "/nodes")) ?? []) as readonly Node[];
}

async function daemonOf(
  lab: Laboratory,
  host: LabHost,
  name: DaemonName,
): Promise<DaemonStatus | undefined> {
  const pid = pidOf(lab, host, name);
  if (pid === undefined) return undefined;
  const socket = name === "dockerd" ? host.dockerSocket : host.skepSocket;
  const answer = lab.isPaused(host.name) ? undefined : await answerOf(socket, "/version");
  return { pid, version: (answer as { readonly Version?: string } | undefined)?.Version };
}

async function containersOf(lab: Laboratory, host: LabHost): Promise<number | undefined> {
  if (!canAnswer(lab, host, "dockerd")) return undefined;
  const running = await answerOf(host.dockerSocket, "/containers/json");
  return Array.isArray(running) ? running.length : undefined;
}

/** A paused daemon would take the question and never answer. */
function canAnswer(lab: Laboratory, host: LabHost, daemon: DaemonName): boolean {
  return runs(lab, host.name) === "yes" && pidOf(lab, host, daemon) !== undefined;
}

function pidOf(lab: Laboratory, { name }: LabHost, daemon: DaemonName): number | undefined {
  return lab.isOn(name) ? lab.daemonsOf(name).pidOf(daemon) : undefined;
}

function runs(lab: Laboratory, host: string): HostStatus["runs"] {
  if (!lab.isOn(host)) return "no";
  return lab.isPaused(host) ? "paused" : "yes";
}

async function answerOf(socket: string, path: string): Promise<unknown> {
  try {
    const call = { method: "GET", path, timeoutMs: ANSWER_LIMIT_MS };
    const { status, text } = await callEngine(socket, call);
    return status === 200 ? JSON.parse(text) : undefined;
  } catch {
    return undefined; // ended or hangs while we look
  }
}
