/** A node as the API shows it. */
import type { ManagerStatus, Node as ShownNode } from "../../../shared/docker-api/node-spec.js";
import { type Node, nodeAvailability, nodeRole } from "../../../shared/model/node.js";
import { showTime } from "./show-time.js";

/** How the managers see the member that runs on a node; `host:port`. */
export interface MemberSeen {
  readonly leader: boolean;
  readonly reachability: "unknown" | "unreachable" | "reachable";
  readonly address: string;
}

export function showNode(node: Node, member: MemberSeen | undefined): ShownNode {
  return {
    ID: node.id,
    Version: { Index: node.version },
    CreatedAt: showTime(node.createdAtMs),
    UpdatedAt: showTime(node.updatedAtMs),
    Spec: {
      ...node.spec,
      Labels: node.spec.Labels ?? {},
      Role: nodeRole(node),
      Availability: nodeAvailability(node),
    },
    Description: node.description ?? {},
    Status: {
      State: node.status.state,
      ...(node.status.message === "" ? {} : { Message: node.status.message }),
      Addr: node.status.address,
    },
    ...(member === undefined ? {} : { ManagerStatus: showMember(member) }),
  };
}

/** `Leader` is left out where it is false, as in Docker. */
function showMember(member: MemberSeen): ManagerStatus {
  return {
    ...(member.leader ? { Leader: true } : {}),
    Reachability: member.reachability,
    Addr: member.address,
  };
}
