/**
 * What Docker has no words for: what would happen to a service, and why
 * (`POST /skep/v1/services/plan`, `POST /skep/v1/services/{id}/plan`, `GET …/explain`).
 */
import { type Static, Type } from "@sinclair/typebox";

import { choice, Int64, Nanoseconds, reply, Text, TextList, Timestamp } from "./schema.js";

/** One thing that happens to one slot, or (`update`, `rebalance`) to the service as a whole. */
export const ForeseenAct = reply(
  {
    /**
     * `create`: a task where none runs. `replace`: one that runs gives way to another. `start`: one
     * that waited. `stop`: without another in its place. `place`: one that is there gets its node.
     */
    Do: choice("create", "replace", "start", "stop", "place", "update", "rebalance"),
    Why: Text,
  },
  {
    /** `web.3`, or `web.host1` where the node stands for the slot; absent for the service as a whole. */
    Name: Text,
    /** The task that is there. */
    TaskID: Text,
    /** Of a replacement. */
    Order: choice("stop-first", "start-first"),
    FromNodeID: Text,
    /** Its host name. */
    From: Text,
    /** Absent where no node accepts the task. */
    ToNodeID: Text,
    To: Text,
    Revision: Int64,
  },
);
export type ForeseenAct = Static<typeof ForeseenAct>;

export const ForeseenStep = reply(
  {
    /** From now on; the time that containers take to start and stop is not counted. */
    After: Nanoseconds,
    /** Whether tasks must start, stop or end before. */
    AwaitsHosts: Type.Boolean(),
    Acts: Type.Array(ForeseenAct),
  },
  {},
);
export type ForeseenStep = Static<typeof ForeseenStep>;

export const FilterCount = reply({ Filter: Text, Nodes: Int64 }, {});

export const NodeRefusal = reply(
  {
    NodeID: Text,
    Node: Text,
    /** All that refuse it. */
    Filters: TextList,
    /** To be read after the node's name: "lacks 120 MiB of memory". */
    Words: Text,
  },
  {},
);

/** Tasks that wait for a node, or for something else that must come from outside. */
export const WaitingTasks = reply(
  {
    Names: TextList,
    Reason: Text,
  },
  {
    /** Nodes counted for the first filter that refuses each. */
    Filters: Type.Array(FilterCount),
    /** Some of the nodes, those that lack least first. */
    Nearest: Type.Array(NodeRefusal),
    /** Nodes that are not told of in `Nearest`. */
    Others: Int64,
  },
);
export type WaitingTasks = Static<typeof WaitingTasks>;

export const Outlook = choice("rest", "waiting", "more");

export const ServicePlan = reply(
  {
    Name: Text,
    /** The revision that its tasks should run then. */
    Revision: Int64,
    /** In the order in which they come. */
    Steps: Type.Array(ForeseenStep),
    /** Who waits at the end of them, and what for. */
    Waiting: Type.Array(WaitingTasks),
    /**
     * `rest`: then nothing more happens by itself. `waiting`: nor does it, and not all is well.
     * `more`: it goes on beyond what is told.
     */
    Outlook,
    Totals: reply(
      {
        /** Tasks made. */
        Created: Int64,
        /** Tasks that run, or are about to, and are stopped. */
        Stopped: Int64,
        /** Tasks that are left as they are. */
        Kept: Int64,
      },
      {},
    ),
    /** Whether the steps are those that come in any case. */
    Unchanged: Type.Boolean(),
    Warnings: TextList,
  },
  {
    /** Absent for a service that is not there yet. */
    ID: Text,
    /** The one that its tasks should run now. */
    PresentRevision: Int64,
  },
);
export type ServicePlan = Static<typeof ServicePlan>;

export const ExplainedTask = reply(
  { ID: Text, Name: Text, Revision: Int64, State: Text, DesiredState: Text, Standing: Text },
  { NodeID: Text, Node: Text },
);
export type ExplainedTask = Static<typeof ExplainedTask>;

export const ServiceExplanation = reply(
  {
    ID: Text,
    Name: Text,
    /** "3 replicas" */
    Wanted: Text,
    Image: Text,
    Revision: Int64,
    Running: Int64,
    Tasks: Type.Array(ExplainedTask),
    /** What holds for the service as a whole: its update, its nodes. */
    Circumstances: TextList,
    Waiting: Type.Array(WaitingTasks),
    /** What comes next, if nothing else happens and hosts do as they are told. */
    Next: Type.Array(ForeseenStep),
    Outlook,
    /** Whether the leader told this, who alone knows since when it has seen what. */
    FromLeader: Type.Boolean(),
  },
  {},
);
export type ServiceExplanation = Static<typeof ServiceExplanation>;

export const StoryLine = reply({ Words: Text }, { At: Timestamp });

export const TaskExplanation = reply(
  {
    ID: Text,
    Name: Text,
    ServiceID: Text,
    Revision: Int64,
    State: Text,
    DesiredState: Text,
    Standing: Text,
    /** In the order in which it came; a line without a time lies between those around it. */
    Story: Type.Array(StoryLine),
    /** What comes next in its slot. */
    Next: Type.Array(ForeseenStep),
    Outlook,
    FromLeader: Type.Boolean(),
  },
  {
    NodeID: Text,
    Node: Text,
    /** Where no node accepts it. */
    Waiting: WaitingTasks,
    /** The task that came after it. */
    SuccessorID: Text,
  },
);
export type TaskExplanation = Static<typeof TaskExplanation>;
