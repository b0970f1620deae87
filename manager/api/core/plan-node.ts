/** What a user may do to a node: change its spec, or remove it when it is gone. */
import type {
  NodeDrainRequest,
  NodeSpec,
  WrittenNodeSpec,
} from "../../../shared/docker-api/node-spec.js";
import {
  FailedPreconditionError,
  InvalidArgumentError,
} from "../../../shared/errors/cluster-error.js";
import {
  AVAILABILITIES,
  type Node,
  NODE_ROLES,
  nodeAvailability,
  nodeRole,
  presentRole,
} from "../../../shared/model/node.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { MalformedRequestError } from "./malformed-request.js";
import { showTime } from "./show-time.js";

const NS_PER_MS = 1e6;

/** @throws MalformedRequestError for a role or availability that there is not: Docker guesses neither. */
export function checkNodeSpec(written: WrittenNodeSpec): NodeSpec {
  const { Role: role = "", Availability: availability = "" } = written;
  return {
    ...written,
    Role: oneOf("Role", NODE_ROLES, role),
    Availability: oneOf("Availability", AVAILABILITIES, availability),
  };
}

/** Docker takes both in any case. */
function oneOf<Word extends string>(field: string, words: readonly Word[], given: string): Word {
  const found = words.find((word) => word === given.toLowerCase());
  if (found !== undefined) return found;
  throw new MalformedRequestError(`invalid ${field}: "${given}"`);
}

export function isDemotion(node: Node, spec: NodeSpec): boolean {
  return nodeRole(node) === "manager" && spec.Role === "worker";
}

/** @throws FailedPreconditionError the last manager would be none any more */
export function planNodeUpdate(
  view: StoreView,
  node: Node,
  spec: NodeSpec,
  expectedVersion: number,
): Change {
  if (isDemotion(node, spec)) {
    const managers = view.nodes().filter((other) => nodeRole(other) === "manager");
    if (managers.length <= 1) {
      throw new FailedPreconditionError("attempting to demote the last manager of the swarm");
    }
  }
  return { kind: "update-node", nodeId: node.id, expectedVersion, spec: withDeadline(node, spec) };
}

/** A deadline belongs to its drain: Docker's clients do not know of it, and it ends with that. */
function withDeadline(node: Node, { DrainDeadline: sent, ...spec }: NodeSpec): NodeSpec {
  if (spec.Availability !== "drain") return spec;
  const deadline = sent ?? (isDrained(node) ? node.spec.DrainDeadline : undefined);
  return deadline === undefined ? spec : { ...spec, DrainDeadline: deadline };
}

function isDrained(node: Node): boolean {
  return nodeAvailability(node) === "drain";
}

/**
 * A node is drained; its tasks are gone by the deadline, where one is given.
 * @throws InvalidArgumentError
 */
export function planDrain(
  { id: nodeId, spec }: Node,
  { Within: withinNs }: NodeDrainRequest,
  atMs: number,
): Change {
  if (withinNs !== undefined && withinNs < 0) {
    throw new InvalidArgumentError("a deadline cannot be negative");
  }
  const { DrainDeadline: _former, ...rest } = spec;
  const drained: NodeSpec = { ...rest, Availability: "drain" };
  if (withinNs === undefined) return { kind: "update-node", nodeId, spec: drained };
  const DrainDeadline = showTime(atMs + withinNs / NS_PER_MS);
  return { kind: "update-node", nodeId, spec: { ...drained, DrainDeadline } };
}

export type RemovalMode = "only-if-down" | "forced";

/**
 * Tasks that go in one command: with the node's own removal they stay far below the store's size
 * limit, and few nodes have more.
 */
const TASKS_PER_COMMAND = 500;

export interface PlannedRemoval {
  readonly changes: readonly Change[];
  /** False where tasks are left for a further command. */
  readonly complete: boolean;
}

/**
 * Nobody will report on the node's tasks any more: they are orphaned, so that
 * others take their place.
 * @throws FailedPreconditionError for a manager, and for a node that is not down
 */
export function planNodeRemoval(
  view: StoreView,
  node: Node,
  { mode, atMs }: { readonly mode: RemovalMode; readonly atMs: number },
): PlannedRemoval {
  if (presentRole(node) === "manager") {
    throw new FailedPreconditionError(
      `node ${node.id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
    );
  }
  if (mode !== "forced" && node.status.state === "ready") {
    throw new FailedPreconditionError(`node ${node.id} is not down and can't be removed`);
  }
  const living = view.tasksOfNode(node.id).filter((task) => !isTerminal(task.status.state));
  const orphaned = living.slice(0, TASKS_PER_COMMAND).map((task): Change => {
    const { error: _error, ...status } = task.status;
    const message = "Task belonged to a node that has been deleted";
    return {
      kind: "observe-task",
      taskId: task.id,
      status: { ...status, state: "orphaned", atMs, message },
    };
  });
  const complete = living.length <= TASKS_PER_COMMAND;
  const removal: Change[] = complete ? [{ kind: "remove-node", nodeId: node.id }] : [];
  return { changes: [...orphaned, ...removal], complete };
}
