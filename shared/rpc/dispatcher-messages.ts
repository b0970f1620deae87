/**
 * What an agent and the manager that leads say to each other on their one stream
 * (`proto/dispatcher.proto`). The first message up is `hello`, the first one down `welcome`, or
 * `removed`.
 */
import type { NodeDescription } from "../docker-api/node-spec.js";
import type { AssignmentSet } from "../model/assignment.js";
import type { EngineHealth } from "../model/engine-health.js";
import type { Fence } from "../model/fence.js";
import type { TaskId } from "../model/ids.js";
import type { NodeRole } from "../model/node.js";
import type { TaskStatus } from "../model/task.js";

export type AgentMessage =
  | {
      readonly kind: "hello";
      /**
       * Absent where the engine has not answered since the agent began: then what was known stands.
       */
      readonly description?: NodeDescription;
      readonly engine: EngineHealth;
      /**
       * What others are to be told of where the host is, without a port; absent: where the session
       * comes from.
       */
      readonly address?: string;
      /** The highest fence that this agent has seen. */
      readonly fence: Fence;
      /** `none`: the agent's state is new, it knows of no earlier assignment. */
      readonly memory: "kept" | "none";
    }
  | { readonly kind: "heartbeat" }
  | {
      readonly kind: "statuses";
      /** Answered by `statuses-stored` with the same number once they are committed. */
      readonly batch: number;
      readonly updates: readonly TaskStatusUpdate[];
    }
  /** The description changed since `hello`. */
  | { readonly kind: "description"; readonly description: NodeDescription }
  /** The host's engine went away, or answers again. */
  | { readonly kind: "engine"; readonly health: EngineHealth }
  /** Its networks are as they were told under the fence with this sequence, or a later one. */
  | { readonly kind: "networks-applied"; readonly sequence: number }
  /** The agent missed an increment: send a complete set. */
  | { readonly kind: "resend-assignments" };

export interface TaskStatusUpdate {
  readonly taskId: TaskId;
  readonly status: TaskStatus;
}

export type ManagerMessage =
  | {
      readonly kind: "welcome";
      readonly sessionId: string;
      readonly fence: Fence;
      readonly heartbeatPeriodMs: number;
    }
  | { readonly kind: "assignments"; readonly set: AssignmentSet }
  /** `host:port` of every manager's gRPC port. */
  | { readonly kind: "managers"; readonly addresses: readonly string[] }
  /** What the host is to be: said after the welcome, and whenever it changes. */
  | { readonly kind: "role"; readonly role: NodeRole }
  | { readonly kind: "statuses-stored"; readonly batch: number }
  /** With the period to keep to from now on; absent: the one that was told before. */
  | { readonly kind: "heartbeat-received"; readonly heartbeatPeriodMs?: number }
  /**
   * An order to stop everything: the node was removed from the cluster. Said in place of the
   * welcome, too; never for a node that the manager merely does not know.
   */
  | { readonly kind: "removed"; readonly fence: Fence };
