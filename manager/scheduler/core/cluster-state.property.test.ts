import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { sampleNode, sampleRevision, sampleTask } from "../../../test/samples/objects.js";
import { ClusterState } from "./cluster-state.js";

const MANY = 1_000_000;

function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

describe("property", () => {
  const nodes = fc.array(
    fc.record({
      memoryBytes: fc.integer({ min: 1, max: 8 }),
      labels: fc.record({ zone: fc.constantFrom("a", "b", "c") }),
      state: fc.constantFrom("ready" as const, "ready" as const, "down" as const),
    }),
    { maxLength: 12 },
  );
  const group = fc.record({
    service: fc.constantFrom("web", "db", "job"),
    tasks: fc.integer({ min: 1, max: 12 }),
    memoryBytes: fc.integer({ min: 0, max: 4 }),
    constraint: fc.option(fc.constantFrom("node.labels.zone==a", "node.labels.zone!=b"), {
      nil: undefined,
    }),
    spread: fc.boolean(),
  });

  test("no node is ever promised more than it has, and a task waits only when nothing fits", () => {
    fc.assert(
      fc.property(nodes, fc.array(group, { maxLength: 6 }), (sketches, groups) => {
        const all = sketches.map((sketch, i) => sampleNode({ ...sketch, id: `n${i}` }));
        const state = new ClusterState();
        for (const after of all) state.observe({ type: "node", after });
        const left = new Map(
          all.map((node) => [node.id as string, node.description?.Resources?.MemoryBytes ?? 0]),
        );
        groups.forEach((g, i) => {
          offer(state, g, i);
          const { placements, refusals } = state.decide(MANY, 0);
          for (const { nodeId } of placements)
            left.set(nodeId, (left.get(nodeId) ?? 0) - g.memoryBytes);
          expect(Math.min(0, ...left.values())).toBe(0);
          const waiting = g.tasks - placements.length;
          expect(refusals.flatMap((r) => r.taskIds)).toHaveLength(waiting);
          const fitting = all.filter(
            (n) => accepts(n, g) && (left.get(n.id) ?? 0) >= g.memoryBytes,
          );
          if (waiting > 0) expect(fitting).toEqual([]);
        });
      }),
    );
  });

  test("tasks of a new service differ by at most one between nodes that could take more", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        (nodeCount, tasks) => {
          const nodes = numbered(nodeCount, "n").map((id) => sampleNode({ id }));
          const state = new ClusterState();
          for (const after of nodes) state.observe({ type: "node", after });
          const group = { service: "web", tasks, memoryBytes: 0, constraint: undefined };
          offer(state, { ...group, spread: false }, 1);
          const { placements } = state.decide(MANY, 0);
          const all = nodes.map(({ id }) => placements.filter((p) => p.nodeId === id).length);
          expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  const update = fc.record({
    nodes: fc.integer({ min: 1, max: 6 }),
    /** By task of the old revision: its node's number. */
    old: fc.array(fc.nat(5), { maxLength: 12 }),
    wanted: fc.integer({ min: 1, max: 12 }),
  });

  test("whatever the old tasks left room for, those of an update are even among themselves", () => {
    fc.assert(
      fc.property(update, ({ nodes, old, wanted }) => {
        const state = halfUpdated(nodes, old, { ContainerSpec: { Image: "v2" } });
        const counts = placeOneByOne(state, nodes, wanted);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("tasks that an update of the placement alone leaves where they are count as its own", () => {
    fc.assert(
      fc.property(update, ({ nodes, old, wanted }) => {
        const anywhere: TaskSpec = { Placement: { Constraints: ["node.role != none"] } };
        const before = numbered(nodes, "n").map((_, n) => old.filter((at) => at % nodes === n));
        const counts = placeOneByOne(halfUpdated(nodes, old, anywhere), nodes, wanted);
        const rising = before.map(({ length }, n) => ({ length, got: counts[n] ?? 0 }));
        const level = Math.max(...rising.filter(({ got }) => got > 0).map((n) => n.length + n.got));
        for (const { length, got } of rising)
          expect(length + got).toBeGreaterThanOrEqual(level - 1);
      }),
    );
  });

  /** Tasks of revision 1 run, and there is a revision 2. */
  function halfUpdated(nodes: number, old: readonly number[], template: TaskSpec): ClusterState {
    const state = new ClusterState();
    const serviceId = "web" as ServiceId;
    for (const id of numbered(nodes, "n"))
      state.observe({ type: "node", after: sampleNode({ id }) });
    for (const [i, content] of [{}, template].entries()) {
      const after = sampleRevision({ serviceId, number: i + 1, template: content });
      state.observe({ type: "revision", after });
    }
    for (const [i, at] of old.entries()) {
      const node = `n${at % nodes}`;
      state.observe({ type: "task", after: sampleTask({ id: `old${i}`, service: "web", node }) });
    }
    return state;
  }

  function placeOneByOne(state: ClusterState, nodes: number, wanted: number): number[] {
    const placed = numbered(wanted, "new").flatMap((id) => {
      const task = sampleTask({ id, service: "web", revision: 2, state: "pending" });
      state.observe({ type: "task", after: task });
      return state.decide(MANY, 0).placements;
    });
    return numbered(nodes, "n").map((id) => placed.filter(({ nodeId }) => nodeId === id).length);
  }

  interface Group {
    readonly service: string;
    readonly tasks: number;
    readonly memoryBytes: number;
    readonly constraint: string | undefined;
    readonly spread: boolean;
  }

  function offer(state: ClusterState, g: Group, revision: number): void {
    const template: TaskSpec = {
      Resources: { Reservations: { MemoryBytes: g.memoryBytes } },
      Placement: {
        ...(g.constraint === undefined ? {} : { Constraints: [g.constraint] }),
        ...(g.spread
          ? { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }] }
          : {}),
      },
    };
    const serviceId = g.service as ServiceId;
    state.observe({
      type: "revision",
      after: sampleRevision({ serviceId, number: revision, template }),
    });
    for (const id of numbered(g.tasks, `${g.service}-${revision}-`)) {
      state.observe({
        type: "task",
        after: sampleTask({ id, service: g.service, revision, state: "pending" }),
      });
    }
  }

  function accepts(node: Node, g: Group): boolean {
    if (node.status.state !== "ready") return false;
    const zone = node.spec.Labels?.["zone"];
    if (g.constraint === "node.labels.zone==a") return zone === "a";
    return g.constraint === undefined || zone !== "b";
  }
});
