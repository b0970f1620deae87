/**
 * What the demo shows, step by step. Each step does something, then looks at the containers or processes themselves
 * until they are as Skep promises.
 */
import type { ServiceSpec } from "../../shared/docker-api/service-spec.js";
import type { DemoCluster } from "./cluster.js";
import type { Daemon } from "./daemon.js";
import type { DemoEngine } from "./find-engine.js";
import type { SeenTask } from "./task-view.js";

export interface Stage {
  readonly cluster: DemoCluster;
  readonly engine: DemoEngine;
}

export interface Step {
  /** What is being done, while it is; also where it failed. */
  readonly doing: string;
  /** What is so afterwards. */
  readonly done: string;
  readonly act: (stage: Stage) => Promise<void>;
}

const SERVICE = "web";
const NANOSECONDS_PER_SECOND = 1e9;
/** Shells in containers ignore SIGTERM unless told otherwise: without the trap, each stop would take its whole grace. */
const COMMAND = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"];

export const OPENING: readonly Step[] = [
  {
    doing: "starting one manager and three workers",
    done: "one manager and three workers, joined by token, are a cluster",
    act: ({ cluster, engine }) => cluster.start(engine),
  },
  {
    doing: "creating a service of six replicas",
    done: "a service of six replicas runs, two on each worker",
    act: async (stage) => {
      await stage.cluster.manager.call("POST", "/services/create", { body: serviceSpec(stage) });
      await untilSpread(stage, [2, 2, 2]);
    },
  },
  {
    doing: "killing one of the six behind Skep's back",
    done: "one of the six was killed behind Skep's back, and replaced",
    act: killOne,
  },
  {
    doing: "scaling the service to nine",
    done: "the service was scaled to nine, three on each worker",
    act: async (stage) => {
      await scale(stage, 9);
      await untilSpread(stage, [3, 3, 3]);
    },
  },
  {
    doing: "silencing a worker, as when its host loses power",
    done: "a worker fell silent, and its three tasks were replaced on the other two",
    act: async (stage) => {
      process.kill(lastWorker(stage).pid, "SIGSTOP");
      await untilTasks(stage, "nine tasks on the two other workers", (tasks) => {
        return elsewhere(stage, tasks).length === 9;
      });
    },
  },
  {
    doing: "letting that worker come back",
    done: "the worker came back, and its three surplus tasks were stopped",
    act: async (stage) => {
      process.kill(lastWorker(stage).pid, "SIGCONT");
      await untilTasks(stage, "nine tasks, all on the two other workers", (tasks) => {
        return tasks.length === 9 && elsewhere(stage, tasks).length === 9;
      });
    },
  },
];

export const ENDING: readonly Step[] = [
  {
    doing: "removing the service",
    done: "the service was removed, and nothing of it is left",
    act: async ({ cluster }) => {
      await cluster.manager.call("DELETE", `/services/${SERVICE}`);
      await cluster.until("no task to be left", async () => {
        const count = await cluster.tasks.count();
        return { holds: count === 0, seen: `${count} left` };
      });
    },
  },
];

function serviceSpec({ engine }: Stage): ServiceSpec {
  return {
    Name: SERVICE,
    TaskTemplate: {
      ContainerSpec: {
        Image: engine.kind === "docker" ? engine.image.name : "none",
        Command: COMMAND,
      },
      RestartPolicy: { Condition: "any", Delay: NANOSECONDS_PER_SECOND },
      Placement: { Constraints: ["node.role==worker"] },
    },
    Mode: { Replicated: { Replicas: 6 } },
  };
}

async function killOne(stage: Stage): Promise<void> {
  const { tasks } = stage.cluster;
  const [victim] = await tasks.running();
  if (victim === undefined) return;
  await tasks.kill(victim);
  await untilTasks(stage, "six tasks without the killed one", (seen) => {
    return seen.length === 6 && seen.every(({ taskId }) => taskId !== victim.taskId);
  });
}

async function scale({ cluster }: Stage, replicas: number): Promise<void> {
  const service = await cluster.manager.call<{
    ID: string;
    Version: { Index: number };
    Spec: ServiceSpec;
  }>("GET", `/services/${SERVICE}`);
  await cluster.manager.call("POST", `/services/${service.ID}/update`, {
    query: { version: service.Version.Index },
    body: { ...service.Spec, Mode: { Replicated: { Replicas: replicas } } },
  });
}

function lastWorker({ cluster }: Stage): Daemon {
  return cluster.workers.at(-1) ?? cluster.manager;
}

function elsewhere(stage: Stage, tasks: readonly SeenTask[]): readonly SeenTask[] {
  const silent = stage.cluster.nodeIdOf(lastWorker(stage));
  return tasks.filter(({ nodeId }) => nodeId !== silent);
}

async function untilSpread(stage: Stage, wanted: readonly number[]): Promise<void> {
  const all = wanted.reduce((sum, count) => sum + count, 0);
  await untilTasks(stage, `tasks on the workers: ${wanted.join(", ")}`, (tasks) => {
    const counts = countsOf(stage, tasks);
    return tasks.length === all && wanted.every((count, index) => counts[index]?.[1] === count);
  });
}

async function untilTasks(
  stage: Stage,
  awaited: string,
  holds: (tasks: readonly SeenTask[]) => boolean,
): Promise<void> {
  await stage.cluster.until(awaited, async () => {
    const tasks = await stage.cluster.tasks.running();
    return { holds: holds(tasks), seen: Object.fromEntries(countsOf(stage, tasks)) };
  });
}

/** How many tasks each worker runs. */
function countsOf({ cluster }: Stage, tasks: readonly SeenTask[]): (readonly [string, number])[] {
  return cluster.workers.map((worker) => {
    const nodeId = cluster.nodeIdOf(worker);
    return [worker.name, tasks.filter((task) => task.nodeId === nodeId).length] as const;
  });
}
