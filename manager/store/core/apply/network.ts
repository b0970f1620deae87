/**
 * Changes of networks. One that a service is on, or a task that is to run, cannot go. One with tasks
 * that are stopping goes for its users at once and stays what it is for them: its VXLAN and its
 * addresses are in the kernels of their hosts. What nodes have on it goes with it.
 */
import {
  AlreadyExistsError,
  FailedPreconditionError,
  NameConflictError,
  NotFoundError,
} from "../../../../shared/errors/cluster-error.js";
import type { NetworkId } from "../../../../shared/model/ids.js";
import {
  isIngress,
  isRemoved,
  type Network,
  networkName,
  overlayTargets,
} from "../../../../shared/model/network.js";
import { serviceName } from "../../../../shared/model/service.js";
import type { Task } from "../../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../../shared/model/task-state.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import type { State } from "../state.js";
import { existingNetwork, expectVersion } from "./preconditions.js";

export function createNetwork(draft: Draft, network: Network): void {
  const { state, sequence, atMs } = draft;
  if (state.network(network.id) !== undefined) throw new AlreadyExistsError("network", network.id);
  const name = networkName(network.spec);
  if (state.networkByName(name) !== undefined) throw new NameConflictError("network", name);
  for (const other of state.networks()) {
    if (other.vni === network.vni)
      throw new FailedPreconditionError(
        `VXLAN ${network.vni} is that of network ${networkName(other.spec)} (${other.id})`,
      );
    if (isIngress(other) && isIngress(network) && !isRemoved(other))
      throw new FailedPreconditionError(
        `ingress network (${other.id}) is already present in the swarm`,
      );
  }
  draft.setNetwork(network.id, undefined, {
    ...network,
    version: sequence,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
}

export function updateNetwork(draft: Draft, change: ChangeOf<"update-network">): void {
  const before = existingNetwork(draft.state, change.networkId);
  expectVersion("network", before, change.expectedVersion);
  const kept = new Set(change.subnets.map(({ cidr }) => cidr));
  const lost = before.subnets.find(({ cidr }) => !kept.has(cidr));
  if (lost !== undefined || networkName(change.spec) !== networkName(before.spec))
    throw new FailedPreconditionError(
      `network ${before.id} keeps its name and its subnets: they can only be added to`,
    );
  draft.setNetwork(before.id, before, {
    ...before,
    version: draft.sequence,
    updatedAtMs: draft.atMs,
    spec: change.spec,
    subnets: change.subnets,
  });
}

export function removeNetwork(draft: Draft, id: NetworkId): void {
  const { state, atMs } = draft;
  const network = existingNetwork(state, id);
  if (isRemoved(network)) throw new NotFoundError("network", id);
  expectUnused(state, network);
  if (state.tasks().some((task) => isHolder(task, id)))
    draft.setNetwork(id, network, { ...network, updatedAtMs: atMs, removedAtMs: atMs });
  else forgetNetwork(draft, network);
}

/** To be called when a task has ended or was removed: the last one on a removed network ends it. */
export function leaveNetworks(draft: Draft, { addresses = [] }: Task): void {
  const { state } = draft;
  for (const { networkId } of addresses) {
    const network = state.network(networkId);
    if (network === undefined || !isRemoved(network)) continue;
    if (!state.tasks().some((task) => isHolder(task, networkId))) forgetNetwork(draft, network);
  }
}

function isHolder({ status, addresses }: Task, id: NetworkId): boolean {
  return !isTerminal(status.state) && addresses?.some(({ networkId }) => networkId === id) === true;
}

function forgetNetwork(draft: Draft, network: Network): void {
  const { state, atMs } = draft;
  const { id } = network;
  for (const node of state.nodes()) {
    if (!node.gateways?.some(({ networkId }) => networkId === id)) continue;
    const { gateways: all, ...rest } = node;
    const gateways = all.filter(({ networkId }) => networkId !== id);
    const updatedAtMs = atMs;
    const after = { ...rest, updatedAtMs, ...(gateways.length > 0 && { gateways }) };
    draft.setNode(node.id, node, after);
  }
  draft.setNetwork(id, network, undefined);
}

/** In Docker's words, for which a container that a user attached is a task, too. */
function expectUnused(state: State, network: Network): void {
  const { id } = network;
  for (const service of state.services()) {
    const revision = state.revision(service.id, service.revision);
    const targets = revision === undefined ? [] : overlayTargets(revision.template);
    if (targets.includes(id) || (isIngress(network) && revision?.mesh !== undefined))
      throw new FailedPreconditionError(
        isIngress(network)
          ? `ingress network cannot be removed because service ${service.id} depends on it`
          : `network ${id} is in use by service ${service.id} (${serviceName(service.frame)})`,
      );
  }
  for (const task of state.tasks()) {
    // Whoever removes a service removes its network in the next breath (`docker stack rm`).
    const isToRun = isWanted(task.desired) && state.service(task.serviceId) !== undefined;
    if (isToRun && isHolder(task, id))
      throw new FailedPreconditionError(`network ${id} is in use by task ${task.id}`);
  }
  for (const attachment of state.attachments())
    if (attachment.networks.some(({ networkId }) => networkId === id))
      throw new FailedPreconditionError(`network ${id} is in use by task ${attachment.id}`);
}
