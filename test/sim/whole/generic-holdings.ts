/**
 * What nodes have by name or by number, and what tasks hold of it until somebody has seen their end:
 * counted anew from the store each time.
 */
import type { StoreView } from "../../../manager/store/core/view.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import {
  genericCapacity,
  genericDemand,
  type GenericShare,
} from "../../../shared/model/generic-resources.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { holdersOn } from "./holdings.js";

/** So many things of a kind, or those with these names, are held on the node. */
export function genericsOn(view: StoreView, nodeId: NodeId, kind: string): GenericShare[] {
  return holdersOn(view, nodeId).flatMap(({ generics = [] }) =>
    generics.filter((share) => share.kind === kind),
  );
}

/** What of the node's generic resources is promised, and not there. */
export function missingGenerics(view: StoreView, node: Node): readonly string[] {
  const capacity = new Map(genericCapacity(node).map((share) => [share.kind, share]));
  const kinds = new Set(
    holdersOn(view, node.id).flatMap(({ generics = [] }) => generics.map(({ kind }) => kind)),
  );
  return [...kinds].flatMap((kind) => {
    const have = capacity.get(kind);
    const held = genericsOn(view, node.id, kind);
    if (have?.names !== undefined) {
      const names = held.flatMap((share) => share.names ?? []);
      return names.filter((name) => have.names?.includes(name) !== true);
    }
    const count = held.reduce((sum, share) => sum + share.count, 0);
    return count > (have?.count ?? 0) ? [`${count} ${kind} of ${have?.count ?? 0}`] : [];
  });
}

/** Whether what the template asks for is free there. */
export function hasGenericsFor(view: StoreView, node: Node, template: TaskSpec): boolean {
  const capacity = new Map(genericCapacity(node).map((share) => [share.kind, share]));
  return genericDemand(template).every(({ kind, count }) => {
    const have = capacity.get(kind);
    const held = genericsOn(view, node.id, kind);
    if (have?.names === undefined) {
      return count + held.reduce((sum, share) => sum + share.count, 0) <= (have?.count ?? 0);
    }
    const taken = new Set(held.flatMap((share) => share.names ?? []));
    return have.names.filter((name) => !taken.has(name)).length >= count;
  });
}
