/**
 * The tables that tasks have in their namespaces. Tasks on the same networks have one between them,
 * and change it in the same way: what a change takes is worked out once for all of them.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import { isIpv6, type NodeNetworks } from "../../../shared/model/node-networks.js";
import type { NftTable } from "./nft-table.js";
import { attachmentsOf } from "./node-network.js";
import { type LostBackend, lostBackends, vipTable } from "./vip-rules.js";

/** One of each family that the networks have. */
export type TaskTables = readonly NftTable[];

/** By the ids of the networks. */
export type TablesByNetworks = ReadonlyMap<string, TaskTables>;

export interface ComputedTables {
  readonly byTask: ReadonlyMap<TaskId, TaskTables>;
  readonly byNetworks: TablesByNetworks;
}

/** @param before as they were computed and applied last */
export function taskTables(
  node: NodeNetworks,
  taskIds: Iterable<TaskId>,
  before: TablesByNetworks,
): ComputedTables {
  const byNetworks = new Map<string, TaskTables>();
  const byTask = new Map<TaskId, TaskTables>();
  for (const taskId of taskIds) {
    const networks = attachmentsOf(node, taskId).map(({ network }) => network);
    const key = networks.map(({ networkId }) => networkId).join(" ");
    const tables = byNetworks.get(key) ?? tablesOf(networks, before.get(key) ?? []);
    byNetworks.set(key, tables);
    byTask.set(taskId, tables);
  }
  return { byTask, byNetworks };
}

function tablesOf(networks: NodeNetworks["networks"], before: TaskTables): TaskTables {
  const services = networks.flatMap((network) => network.services);
  const hasIpv6 = networks.some(({ subnets }) => subnets.some(({ cidr }) => isIpv6(cidr)));
  const families = hasIpv6 ? (["ip", "ip6"] as const) : (["ip"] as const);
  return families.map((family) => {
    const known = before.find((table) => table.family === family);
    return vipTable(family, services, known);
  });
}

const lost = new WeakMap<TaskTables, WeakMap<TaskTables, readonly LostBackend[]>>();

/** See `lostBackends`. */
export function lostBetween(before: TaskTables, after: TaskTables): readonly LostBackend[] {
  const known = lost.get(before) ?? new WeakMap<TaskTables, readonly LostBackend[]>();
  lost.set(before, known);
  const found = known.get(after) ?? computeLost(before, after);
  known.set(after, found);
  return found;
}

function computeLost(before: TaskTables, after: TaskTables): readonly LostBackend[] {
  if (before === after) return [];
  return after.flatMap((table) =>
    lostBackends(
      before.find(({ family }) => family === table.family),
      table,
    ),
  );
}
