/**
 * What a history that begins anew says of the managers: they are all gone but one. In the state that
 * is taken over they stand as before, until this command, with which the new epoch begins; agents
 * refuse whoever speaks of the former one.
 */
import { assert } from "../../shared/errors/assert.js";
import type { NodeId } from "../../shared/model/ids.js";
import { type Node, nodeRole } from "../../shared/model/node.js";
import type { MemberId } from "../raft/core/member-id.js";
import type { Change } from "../store/core/change.js";
import type { StoreView } from "../store/core/view.js";
import type { StoreAccess } from "../store/store-access.js";
import { epochOfMember, memberName } from "./core/member-name.js";

/** The name of the member that begins the next epoch of this state. */
export function nextEpochMember(view: StoreView): MemberId {
  const cluster = view.cluster();
  assert(cluster !== undefined, "there is a cluster to begin an epoch of");
  return memberName(cluster.epoch + 1, 0);
}

export interface NewEpoch {
  readonly member: MemberId;
  readonly nodeId: NodeId;
  /** This host's, where the state does not know it. */
  readonly node?: Node;
}

/** Does nothing where the epoch has begun. */
export async function beginEpoch(store: StoreAccess, self: NewEpoch): Promise<void> {
  if ((store.committed.cluster()?.epoch ?? 0) >= epochOfMember(self.member)) return;
  await store.update((tx) => {
    for (const change of epochChanges(tx.view, self)) tx.apply(change);
  });
}

function epochChanges(view: StoreView, { member, node, nodeId }: NewEpoch): Change[] {
  const manager = { memberId: member, address: "" };
  const known = view.node(nodeId);
  const own: Change[] =
    known !== undefined
      ? [...role(known, "manager"), { kind: "set-manager", nodeId, manager }]
      : node === undefined
        ? []
        : [{ kind: "create-node", node: { ...node, manager } }];
  const former = view.nodes().filter(({ id }) => id !== nodeId);
  return [
    { kind: "update-cluster", epoch: epochOfMember(member) },
    ...former.flatMap((other): Change[] => [
      ...role(other, "worker"),
      ...(other.manager === undefined ? [] : [{ kind: "set-manager", nodeId: other.id } as const]),
    ]),
    ...own,
  ];
}

function role(node: Node, wanted: "worker" | "manager"): Change[] {
  if (nodeRole(node) === wanted) return [];
  return [{ kind: "update-node", nodeId: node.id, spec: { ...node.spec, Role: wanted } }];
}
