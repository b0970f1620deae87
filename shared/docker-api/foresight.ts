/**
 * What Docker has no words for: what would happen to a service, and why
 * (`POST /skep/v1/services/plan`, `POST /skep/v1/services/{id}/plan`, `GET …/explain`).
 */
import { type Static, Type } from "@sinclair/typebox";

import { choice, Int64, Nanoseconds, reply, Text, TextList } from "./schema.js";

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
