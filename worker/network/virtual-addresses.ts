/**
 * Keeps the table of virtual addresses in the network namespace of every task of this node, and the
 * routes to these networks' other subnets. A namespace is known by the first process of its task, and
 * goes with it.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { NftTable } from "./core/nft-table.js";
import { routeCommands, routesOf } from "./core/task-routes.js";
import {
  lostBetween,
  type TablesByNetworks,
  type TaskTables,
  taskTables,
} from "./core/task-tables.js";
import { type Kernel, namespaceOf } from "./kernel.js";
import { Ruleset } from "./ruleset.js";
import { type Repairs, TableKeeper } from "./table-keeper.js";
import { hasUdpSockets } from "./udp-sockets.js";

/** Programs at once: each waits for the kernel most of its time. */
const AT_ONCE = 16;
/** Tasks that keep an `nft` open, for about 1.5 MB each; others are programmed more slowly. */
const SESSIONS_MAX = 100;

interface Programmed {
  readonly pid: number;
  readonly rules: Ruleset;
  readonly keepers: Readonly<Record<NftTable["family"], TableKeeper>>;
  /** What is there; flows that stay with backends from before it are not forgotten yet. */
  wanted: TaskTables;
  /** For which they are. */
  settled: TaskTables;
  /** Those that are there, as one text. */
  routes: string;
}

export interface TaskRepairs {
  readonly taskId: TaskId;
  readonly repairs: Repairs;
}

export class VirtualAddressKeeper {
  readonly #kernel: Kernel;
  readonly #tasks = new Map<TaskId, Programmed>();
  /** As they were applied last. */
  #tables: TablesByNetworks = new Map();
  /** A namespace could not be written to; its task has ended, or will be tried again. */
  readonly #onFailure: (taskId: TaskId, cause: unknown) => void;

  constructor(kernel: Kernel, onFailure: (taskId: TaskId, cause: unknown) => void) {
    this.#kernel = kernel;
    this.#onFailure = onFailure;
  }

  /** @param pid of the task's first process, whose namespace is the task's */
  add(taskId: TaskId, pid: number): "known" | "new" {
    if (this.#tasks.get(taskId)?.pid === pid) return "known";
    this.delete(taskId);
    const manner = this.#tasks.size < SESSIONS_MAX ? "kept-open" : "anew";
    const rules = new Ruleset(this.#kernel, { namespace: namespaceOf(pid), manner });
    const keepers = { ip: new TableKeeper(rules), ip6: new TableKeeper(rules) };
    this.#tasks.set(taskId, { pid, rules, keepers, wanted: [], settled: [], routes: "" });
    return "new";
  }

  delete(taskId: TaskId): void {
    this.#tasks.get(taskId)?.rules.close();
    this.#tasks.delete(taskId);
  }

  /** Keeps nothing open until the next change. */
  rest(): void {
    for (const { rules } of this.#tasks.values()) rules.close();
  }

  pids(): ReadonlyMap<TaskId, number> {
    return new Map([...this.#tasks].map(([taskId, { pid }]) => [taskId, pid]));
  }

  /** @returns the tasks whose namespaces now have all that is wanted of them */
  async apply(node: NodeNetworks): Promise<ReadonlySet<TaskId>> {
    const { byTask, byNetworks } = taskTables(node, this.#tasks.keys(), this.#tables);
    this.#tables = byNetworks;
    const done = new Set<TaskId>();
    await this.#each([...this.#tasks], async ([taskId, task]) => {
      const wanted = byTask.get(taskId) ?? [];
      await this.#route(taskId, task, node);
      for (const table of wanted) await task.keepers[table.family].apply(table);
      task.wanted = wanted;
      // Started again meanwhile, it has another namespace.
      if (this.#tasks.get(taskId) === task) done.add(taskId);
    });
    return done;
  }

  /** What nobody has to wait for once `apply` is done: leads flows away from backends that left. */
  async follow(): Promise<void> {
    for (const { rules } of this.#tasks.values()) rules.open();
    const behind = [...this.#tasks].filter(([, { wanted, settled }]) => wanted !== settled);
    await this.#each(behind, async ([, task]) => {
      const { wanted } = task;
      await this.#forgetLost(task, wanted);
      task.settled = wanted;
    });
  }

  /** Looks what is there, and puts it right, of these tasks. */
  async mend(node: NodeNetworks, taskIds: readonly TaskId[]): Promise<readonly TaskRepairs[]> {
    const { byTask } = taskTables(node, taskIds, this.#tables);
    const looks: TaskRepairs[] = [];
    const tasks = [...this.#tasks].filter(([taskId]) => byTask.has(taskId));
    await this.#each(tasks, async ([taskId, task]) => {
      const { keepers } = task;
      const repairs: string[] = [];
      task.routes = "";
      await this.#route(taskId, task, node);
      for (const table of byTask.get(taskId) ?? []) {
        repairs.push(...(await keepers[table.family].mend(table)));
      }
      looks.push({ taskId, repairs });
    });
    return looks;
  }

  /** @throws KernelRefusedError */
  async #route(taskId: TaskId, task: Programmed, node: NodeNetworks): Promise<void> {
    const routes = routesOf(node, taskId);
    const text = JSON.stringify(routes);
    if (text === task.routes) return;
    if (routes.length > 0) {
      const namespace = namespaceOf(task.pid);
      const lines = routeCommands(routes, await this.#kernel.links(namespace));
      await this.#kernel.ipBatch(lines, namespace);
    }
    task.routes = text;
  }

  async #forgetLost({ pid, settled }: Programmed, wanted: TaskTables): Promise<void> {
    const lost = lostBetween(settled, wanted);
    if (lost.length === 0 || !(await hasUdpSockets(pid))) return;
    for (const { vip, backend } of lost) {
      const match = ["-p", "udp", "--orig-dst", vip, "--reply-src", backend];
      await this.#kernel.forgetConnections(match, namespaceOf(pid));
    }
  }

  async #each(
    tasks: readonly (readonly [TaskId, Programmed])[],
    act: (task: readonly [TaskId, Programmed]) => Promise<void>,
  ): Promise<void> {
    const queue = [...tasks];
    const work = async (): Promise<void> => {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
        try {
          await act(task);
        } catch (cause) {
          this.#onFailure(task[0], cause);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}
