/**
 * The labels by which a container is known as a task's. Those of Swarm are there because users'
 * tools (Traefik, Prometheus, log collectors) read them; ours say which agent it belongs to, and no
 * agent touches a container that does not say its own.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import { ENGINE_NETWORK_LABEL, ENGINE_NETWORK_NAME_LABEL } from "../../../shared/model/network.js";
import type { NetworkAttachment } from "../../network/network-plane.js";
import type { EngineIdentity, TaskRun } from "../engine.js";

const CLUSTER = "skep.cluster.id";
const NODE = "skep.node.id";
const TASK = "skep.task.id";
const ATTACHMENT = "skep.attachment.id";
const ALIASES = "skep.attachment.aliases";

/** Labels of the system win over those of the user. */
export function taskLabels(
  run: TaskRun,
  identity: EngineIdentity,
  name: string,
): Record<string, string> {
  return {
    [CLUSTER]: identity.clusterId,
    [NODE]: identity.nodeId,
    [TASK]: run.taskId,
    "com.docker.swarm.node.id": identity.nodeId,
    "com.docker.swarm.service.id": run.serviceId,
    "com.docker.swarm.service.name": run.template.serviceName,
    "com.docker.swarm.task": "",
    "com.docker.swarm.task.id": run.taskId,
    "com.docker.swarm.task.name": name,
  };
}

export function networkLabels(
  { networkId, name }: Pick<NetworkAttachment, "networkId" | "name">,
  identity: EngineIdentity,
): Record<string, string> {
  return {
    [CLUSTER]: identity.clusterId,
    [NODE]: identity.nodeId,
    [ENGINE_NETWORK_LABEL]: networkId,
    [ENGINE_NETWORK_NAME_LABEL]: name,
  };
}

/** The id of a network that says whose it is. */
export function networkOf(
  labels: Readonly<Record<string, string>> | null | undefined,
): string | undefined {
  return labels?.[ENGINE_NETWORK_LABEL];
}

/** Which an engine is not told: it would answer for them itself. */
export type AliasesByNetwork = Readonly<Record<string, readonly string[]>>;

/** Of a container that a user makes on networks of the cluster by way of us. */
export function attachmentLabels(
  attachmentId: TaskId,
  aliases: AliasesByNetwork,
  identity: EngineIdentity,
): Record<string, string> {
  return {
    [ALIASES]: JSON.stringify(aliases),
    [CLUSTER]: identity.clusterId,
    [NODE]: identity.nodeId,
    [ATTACHMENT]: attachmentId,
  };
}

/** @returns undefined where it carries none of this agent's */
export function attachmentOf(
  labels: Readonly<Record<string, string>> | null | undefined,
  identity: EngineIdentity,
): TaskId | undefined {
  return isOwn(labels, identity) ? (labels?.[ATTACHMENT] as TaskId | undefined) : undefined;
}

/** None where the label is not ours, or not as we write it. */
export function aliasesOf(
  labels: Readonly<Record<string, string>> | null | undefined,
  identity: EngineIdentity,
): AliasesByNetwork {
  const text = isOwn(labels, identity) ? labels?.[ALIASES] : undefined;
  try {
    return text === undefined ? {} : (JSON.parse(text) as AliasesByNetwork);
  } catch {
    return {};
  }
}

/** In the notation of the engine's filters: what is this agent's. */
export function ownLabels(identity: EngineIdentity): string[] {
  return [`${CLUSTER}=${identity.clusterId}`, `${NODE}=${identity.nodeId}`];
}

export function taskLabel(taskId: TaskId): string {
  return `${TASK}=${taskId}`;
}

/** @returns undefined where the container is not a task of this agent. */
export function taskOf(
  labels: Readonly<Record<string, string>> | null | undefined,
  identity: EngineIdentity,
): TaskId | undefined {
  return isOwn(labels, identity) ? (labels?.[TASK] as TaskId | undefined) : undefined;
}

function isOwn(
  labels: Readonly<Record<string, string>> | null | undefined,
  identity: EngineIdentity,
): boolean {
  return labels?.[CLUSTER] === identity.clusterId && labels[NODE] === identity.nodeId;
}
