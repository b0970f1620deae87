/**
 * Keeps the table of virtual addresses in the network namespace of every task of this node: each
 * has those of the networks that it is on; and the routes to these networks' other subnets. A
 * namespace is known by the first process of its task, and goes with it.
 */
import type { TaskId } from "../../shared/model/ids.js";
import { isIpv6, type NodeNetworks } from "../../shared/model/node-networks.js";
import type { NftTable } from "./core/nft-table.js";
import { attachmentsOf } from "./core/node-network.js";
import { routeCommands, routesOf } from "./core/task-routes.js";
import { lostBackends, vipTable } from "./core/vip-rules.js";
import { type Kernel, namespaceOf } from "./kernel.js";
import { type Repairs, TableKeeper } from "./table-keeper.js";

/** Programs at once: each waits for the kernel most of its time. */
const AT_ONCE = 16;

interface Programmed {
  readonly pid: number;
  readonly keepers: Readonly<Record<NftTable["family"], TableKeeper>>;
  /** What is there; flows that stay with backends from before it are not forgotten yet. */
  wanted: readonly NftTable[];
  /** For which they are. */
  settled: readonly NftTable[];
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
  /** A namespace could not be written to; its task has ended, or will be tried again. */
  readonly #onFailure: (taskId: TaskId, cause: unknown) => void;

  constructor(kernel: Kernel, onFailure: (taskId: TaskId, cause: unknown) => void) {
    this.#kernel = kernel;
    this.#onFailure = onFailure;
  }

  /** @param pid of the task's first process, whose namespace is the task's */
  add(taskId: TaskId, pid: number): "known" | "new" {
    if (this.#tasks.get(taskId)?.pid === pid) return "known";
    const namespace = namespaceOf(pid);
    const keepers = {
      ip: new TableKeeper(this.#kernel, namespace),
      ip6: new TableKeeper(this.#kernel, namespace),
    };
    this.#tasks.set(taskId, { pid, keepers, wanted: [], settled: [], routes: "" });
    return "new";
  }

  delete(taskId: TaskId): void {
    this.#tasks.delete(taskId);
  }

  pids(): ReadonlyMap<TaskId, number> {
    return new Map([...this.#tasks].map(([taskId, { pid }]) => [taskId, pid]));
  }

  /** @returns the tasks whose namespaces now have all that is wanted of them */
  async apply(node: NodeNetworks): Promise<ReadonlySet<TaskId>> {
    const tables = tablesFor(node, this.#tasks.keys());
    const done = new Set<TaskId>();
    await this.#each([...this.#tasks], async ([taskId, task]) => {
      const wanted = tables.get(taskId) ?? [];
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
    const behind = [...this.#tasks].filter(([, { wanted, settled }]) => wanted !== settled);
    await this.#each(behind, async ([, task]) => {
      const { wanted } = task;
      await this.#forgetLost(task, wanted);
      task.settled = wanted;
    });
  }

  /** Looks what is there, and puts it right, of these tasks. */
  async mend(node: NodeNetworks, taskIds: readonly TaskId[]): Promise<readonly TaskRepairs[]> {
    const tables = tablesFor(node, taskIds);
    const looks: TaskRepairs[] = [];
    const tasks = [...this.#tasks].filter(([taskId]) => tables.has(taskId));
    await this.#each(tasks, async ([taskId, task]) => {
      const { keepers } = task;
      const repairs: string[] = [];
      task.routes = "";
      await this.#route(taskId, task, node);
      for (const table of tables.get(taskId) ?? []) {
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

  async #forgetLost({ pid, settled }: Programmed, wanted: readonly NftTable[]): Promise<void> {
    for (const after of wanted) {
      const before = settled.find(({ family }) => family === after.family);
      if (before === after) continue;
      for (const { vip, backend } of lostBackends(before, after)) {
        const match = ["-p", "udp", "--orig-dst", vip, "--reply-src", backend];
        await this.#kernel.forgetConnections(match, namespaceOf(pid));
      }
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

/** Tasks on the same networks have one table between them. */
function tablesFor(
  node: NodeNetworks,
  taskIds: Iterable<TaskId>,
): ReadonlyMap<TaskId, readonly NftTable[]> {
  const byNetworks = new Map<string, readonly NftTable[]>();
  return new Map(
    [...taskIds].map((taskId) => {
      const networks = attachmentsOf(node, taskId).map(({ network }) => network);
      const key = networks.map(({ networkId }) => networkId).join(" ");
      const known = byNetworks.get(key) ?? tablesOf(networks);
      byNetworks.set(key, known);
      return [taskId, known];
    }),
  );
}

function tablesOf(networks: NodeNetworks["networks"]): readonly NftTable[] {
  const services = networks.flatMap((network) => network.services);
  const hasIpv6 = networks.some(({ subnets }) => subnets.some(({ cidr }) => isIpv6(cidr)));
  return hasIpv6
    ? [vipTable("ip", services), vipTable("ip6", services)]
    : [vipTable("ip", services)];
}
