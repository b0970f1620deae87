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
  [
    "a task stays on a node whose labels it does not fit any more",
    "manager/orchestrator/core/node-changes.ts",
    'return matchesNode(constraints, node) ? "firm" : "leaving";',
    'return matchesNode([], node) ? "firm" : "leaving";',
  ],
  [
    "what is told to stop is taken for stopped",
    "manager/orchestrator/core/slot.ts",
    "return isTerminal(task.status.state) || (!isPlaced(task) && !isWanted(task.desired));",
    "return isTerminal(task.status.state) || !isWanted(task.desired);",
  ],
  [
    "a shrunken node keeps what has no room there any more",
    "manager/orchestrator/core/overcommit.ts",
    "const beyond = tasksBeyondCapacity(view, nodeId);",
    "const beyond = tasksBeyondCapacity(view, nodeId).slice(0, 0);",
  ],
  [
    "a restart takes the newest template",
    "manager/orchestrator/core/situation.ts",
    "return !sameHash && this.isCurrent(task) ? this.service.revision : task.revision;",
    "return this.service.revision;",
  ],
  [
    "what follows on a task that an update spared has the constraints of before",
    "manager/orchestrator/core/situation.ts",
    "return !sameHash && this.isCurrent(task) ? this.service.revision : task.revision;",
    "return task.revision;",
  ],
  [
    "failures never count against an update",
    "manager/updater/core/judge-update.ts",
    'if (rules.failureAction === "continue") return undefined;',
    'if (rules.failureAction !== "nothing") return undefined;',
  ],
  [
    "failures are a share of the slots renewed so far",
    "manager/updater/core/judge-update.ts",
    'const touched = progress.filter(({ kind }) => kind !== "untouched").length;',
    'const touched = progress.filter(({ kind }) => kind === "arrived").length;',
  ],
  [
    "a rollback that fails is rolled back",
    "manager/updater/core/judge-update.ts",
    'if (rules.failureAction === "pause") {\n    return { kind: "pause", message: `update paused ${dueTo}` };\n  }\n  if (isRollback(update)) return { kind: "pause", message: `rollback paused ${dueTo}` };',
    'if (rules.failureAction === "pause" && !isRollback(update)) {\n    return { kind: "pause", message: `update paused ${dueTo}` };\n  }',
  ],
  [
    "a paused update goes on by itself",
    "manager/updater/core/update-rules.ts",
    'return update?.state === "paused" || update?.state === "rollback_paused";',
    "return update?.startedAtMs === -1;",
  ],
  [
    "what comes free is not offered to those that wait",
    "manager/scheduler/core/cluster-state.ts",
    "if (freesRoom(before, after)) this.tryAgain();",
    "if (freesRoom(before, after)) return;",
  ],
  [
    "what a placement took whose task is gone is not offered to those that wait",
    "manager/scheduler/core/cluster-state.ts",
    "      // Others may have been refused for the sake of what it took.\n      this.tryAgain();",
    "",
  ],
  [
    "an agent is not told of tasks that are to stop",
    "manager/dispatcher/core/assignments.ts",
    "if (was && is && before.desired === after.desired) return undefined;",
    "if (was && is) return undefined;",
  ],
  [
    "an agent calls a task stopped before it stops it",
    "worker/agent/core/task-machine.ts",
    'if (observed.kind === "running") return { kind: "stop" };\n  return report({ state: "shutdown"',
    'return report({ state: "shutdown"',
  ],
  [
    "an agent lets a container run that is ill",
    "worker/agent/core/task-machine.ts",
    'case "unhealthy":\n',
    'case "unhealthy":\n      if (isReportedUnhealthy) return WAIT;\n',
  ],
  [
    "an agent tells that a container is ill only once it has stopped it",
    "worker/agent/core/task-machine.ts",
    'if (reported !== "running" || isReportedUnhealthy) return { kind: "stop" };',
    'if (observed.health === "unhealthy") return { kind: "stop" };',
  ],
];

/** What the orchestrator never asks for, so that no cluster would notice. */
const LAST_LINE: Mutant = {
  name: "a task is forgotten while its agent may still run it",
  file: "manager/store/core/apply/task.ts",
  find: "if (isPlaced(task) && !isTerminal(task.status.state))",
  replace: "if (isPlaced(task) && task.slot < 0)",
  caughtBy: "manager/store/core/apply.refusals.test.ts",
};

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  ...BUGS.map(([name, file, find, replace]): Mutant => {
    return { name, file, find, replace, caughtBy: "cluster simulation" };
  }),
  LAST_LINE,
];
