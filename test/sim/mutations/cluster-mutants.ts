/** Deliberate bugs in orchestrator, updater, scheduler, dispatcher and agent, for whole clusters to notice. */
import type { Mutant } from "./mutant.js";

type Bug = readonly [name: string, file: string, find: string, replace: string];

const BUGS: readonly Bug[] = [
  [
    "a slot whose task is being stopped is taken for empty",
    "manager/orchestrator/core/repair-slot.ts",
    '(task) => !isOver(task) && situation.footingOf(task) !== "lost",',
    "(task) => task.slot < 0,",
  ],
  [
    "a drain stops what runs before its replacement does, whatever the order",
    "manager/orchestrator/core/repair-slot.ts",
    'situation.updateConfig().Order === "start-first" &&',
    'situation.updateConfig().Order === "never" &&',
  ],
  [
    "the older of two tasks is stopped before the newer runs",
    "manager/orchestrator/core/repair-slot.ts",
    'const arrived = state === "running" || state === "complete";',
    'const arrived = state !== "new";',
  ],
  [
    "a task that failed is followed by another at once",
    "manager/orchestrator/core/repair-slot.ts",
    "const mustWait = firm && restartDelayMs(policy) > 0;",
    "const mustWait = firm && restartDelayMs(policy) < 0;",
  ],
  [
    "the restart delay is not served",
    "manager/orchestrator/core/repair-slot.ts",
    "return delayMs - situation.ageMs(task);",
    "return 0 - situation.ageMs(task);",
  ],
  [
    "a lost node's tasks are not replaced",
    "manager/orchestrator/core/node-changes.ts",
    'if (node === undefined || node.status.state === "down") return "lost";',
    'if (node === undefined) return "lost";',
  ],
  [
    "a drained node keeps its tasks",
    "manager/orchestrator/core/node-changes.ts",
    '      return "leaving";\n    case "pause":',
    '      return "firm";\n    case "pause":',
  ],
  [
    "the restart condition is not asked for",
    "manager/orchestrator/core/restart.ts",
    'return task.status.state !== "complete";',
    "return true;",
  ],
  [
    "attempts are not counted",
    "manager/orchestrator/core/restart.ts",
    "return allowed - counted.length;",
    "return allowed;",
  ],
  [
    "the back-off never begins",
    "manager/orchestrator/core/restart.ts",
    "if (beyondFree <= 0) return 0;",
    "if (beyondFree <= 99) return 0;",
  ],
  [
    "surplus slots stay",
    "manager/orchestrator/core/plan-service.ts",
    "actions: surplus.flatMap(removeAll) };",
    "actions: surplus.slice(1).flatMap(removeAll) };",
  ],
  [
    "a global service stays on nodes that are drained",
    "manager/orchestrator/core/global.ts",
    'if (availability === "drain" || !situation.acceptsNode(node)) return "barred";',
    'if (!situation.acceptsNode(node)) return "barred";',
  ],
  [
    "a job runs all of its tasks at once",
    "manager/orchestrator/core/job.ts",
    "Math.min(missing, concurrent - active)",
    "missing",
  ],
  [
    "an update ignores its parallelism",
    "manager/updater/core/plan-update.ts",
    ".slice(0, Math.max(0, rules.parallelism - taken));",
    ".slice(0, Math.max(rules.parallelism, taken));",
  ],
  [
    "an update does not serve its delay",
    "manager/updater/core/plan-update.ts",
    'if (progress.kind !== "arrived" || progress.agoMs >= delayMs) continue;',
    'if (progress.kind !== "arrived" || progress.agoMs >= 0) continue;',
  ],
  [
    "an update starts first where it should stop first, and the other way",
    "manager/updater/core/plan-update.ts",
    'if (order === "start-first" && old.status.state === "running") {',
    'if (order === "stop-first" && old.status.state === "running") {',
  ],
  [
    "an update is over without having watched its tasks",
    "manager/updater/core/judge-update.ts",
    "return wakeInMs > 0 ?",
    "return wakeInMs > 1e9 ?",
  ],
  [
    "the failure ratio is ignored",
    "manager/updater/core/judge-update.ts",
    "failed.length / touched <= rules.maxFailureRatio",
    "touched === 0",
  ],
  [
    "a rollback keeps to the update's settings",
    "manager/updater/core/update-rules.ts",
    "(isRollback(update) ? frame.RollbackConfig : frame.UpdateConfig) ?? {};",
    "frame.UpdateConfig ?? {};",
  ],
  [
    "tasks go to paused and lost nodes",
    "manager/scheduler/core/filters.ts",
    'node.status.state === "ready" && nodeAvailability(node) === "active",',
    'nodeAvailability(node) !== "drain",',
  ],
  [
    "constraints are not asked for",
    "manager/scheduler/core/filters.ts",
    "accepts: ({ node }, demand) => matchesNode(demand.classConstraints, node),",
    "accepts: ({ node }) => matchesNode([], node),",
  ],
  [
    "a host port is given twice",
    "manager/scheduler/core/node-load.ts",
    "return ports.every((port) => !this.#ports.has(port));",
    "return ports.length >= 0;",
  ],
  [
    "max replicas per node are ignored",
    "manager/scheduler/core/filters.ts",
    "maxPerNode === 0 || node.tasksOf(service) < maxPerNode,",
    "maxPerNode === 0 || node.tasksOf(service) >= 0,",
  ],
  [
    "what a task reserves is free before its agent has seen it end",
    "manager/scheduler/core/cluster-state.ts",
    "if (task.nodeId !== undefined && holdsResources(task)) this",
    "if (task.nodeId !== undefined && holdsResources(task) && isWanted(task.desired)) this",
  ],
  [
    "room is promised twice while a placement is on its way",
    "manager/scheduler/core/place-tasks.ts",
    "  load.hold(demand, generics);\n  index.countTask(load, kind, 1);\n  return generics",
    "  return generics",
  ],
  [
    "a worker is told of other nodes' tasks",
    "manager/dispatcher/core/assignments.ts",
    "return view.tasksOfNode(nodeId).filter((task) => belongsTo(task, nodeId));",
    "return view.tasks().filter((task) => task.nodeId !== undefined && belongsTo(task, task.nodeId));",
  ],
  [
    "an agent's complete set leaves out a task",
    "manager/dispatcher/core/session.ts",
    "? { tasks: assignedTasks(view, this.#nodeId), removed: [] }",
    "? { tasks: assignedTasks(view, this.#nodeId).slice(1), removed: [] }",
  ],
  [
    "an agent starts what is only to be prepared",
    "worker/agent/core/task-machine.ts",
    'if (wanted === "ready" || launches === "hold") return WAIT;',
    'if (launches === "hold") return WAIT;',
  ],
  [
    "a container runs before it is healthy",
    "worker/agent/core/task-machine.ts",
    '      if (observedRank(reported) >= observedRank("starting")) return WAIT;\n      return report({ state: "starting", message: "starting", ...containerOf(observed) });',
    '      if (reported === "running") return WAIT;\n      return report({ state: "running", message: "started", ...containerOf(observed) });',
  ],
];

export const CLUSTER_MUTANTS: readonly Mutant[] = BUGS.map(([name, file, find, replace]) => {
  return { name, file, find, replace, caughtBy: "cluster simulation" };
});
