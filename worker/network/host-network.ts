/**
 * The network of one node, kept as the managers say: overlays, published ports, virtual addresses
 * and names. One loop does all of it, one thing after the other. A pass computes everything that is
 * wanted and applies what differs from what was applied last; a look reads what is there, after a hint
 * from the kernel and every so often without one, and mends it.
 *
 * What was told is kept on disk: after a restart, and while no manager answers, it still holds. An
 * engine asks for a task's share of it through `NetworkPlane`.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { NetworkDescription } from "../../shared/docker-api/node-spec.js";
import { readIfThere, replaceFile } from "../../shared/durable-file.js";
import { AssertionError } from "../../shared/errors/assert.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Clock, Timer } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { EngineUnavailableError } from "../engine/engine-errors.js";
import { nameState, networkNames } from "./core/dns-state.js";
import { LookSchedule } from "./core/look-schedule.js";
import type { NameKeeper } from "./dns.js";
import { HostTasks } from "./host-tasks.js";
import { IngressKeeper } from "./ingress.js";
import { until } from "./interruptible-wait.js";
import type { Kernel } from "./kernel.js";
import { KernelTables } from "./kernel-tables.js";
import { Mending } from "./mending.js";
import { TaskMonitors, watchHost } from "./monitors.js";
import type { NetworkPlane, TaskNames, TaskNetwork } from "./network-plane.js";
import { OverlayKeeper } from "./overlay.js";
import { OwnRoutes } from "./own-routes.js";
import { reattach } from "./reattach.js";
import { TaskFiles } from "./task-files.js";
import { VirtualAddressKeeper } from "./virtual-addresses.js";

/** Whoever waits looks again then, if nothing has happened: a matter of order, not of need. */
const WAIT_LIMIT_MS = 15_000;
/** After a pass that the kernel refused, doubled up to the limit. */
const RETRY_FIRST_MS = 200;
const RETRY_LIMIT_MS = 5_000;
/** A namespace that could not be programmed is tried again after this, unless its task has ended. */
const AGAIN_MS = 1_000;
/** A task that is to be prepared was told together with its networks, or just before. */
const TOLD_LIMIT_MS = 10_000;

export interface HostNetworkOptions {
  readonly nodeId: NodeId;
  /** The network's own; nobody else may use it. */
  readonly folder: string;
  readonly kernel: Kernel;
  /** The address that the other hosts are to send to, where the user named one. */
  readonly dataPath?: string;
  readonly names: NameKeeper;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class HostNetwork implements NetworkPlane {
  readonly #options: HostNetworkOptions;
  readonly #logger: Logger;
  readonly #overlay: OverlayKeeper;
  readonly #ingress: IngressKeeper;
  readonly #addresses: VirtualAddressKeeper;
  readonly #tasks: HostTasks;
  readonly #routes: OwnRoutes;
  readonly #tables: KernelTables;
  readonly #mending: Mending;
  #told: NodeNetworks | undefined;
  /** To be called once it is in the kernel. */
  readonly #heralds = new WeakMap<NodeNetworks, () => void>();
  /** What has been applied; a pass is due where it is not what was told. */
  #applied: NodeNetworks | undefined;
  #isPassDue = false;
  readonly #looks: LookSchedule;
  #monitors: TaskMonitors | undefined;
  #failures = 0;
  #again: Timer | undefined;
  #wake: () => void = () => undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: HostNetworkOptions) {
    const { folder, kernel, logger, nodeId } = options;
    this.#options = options;
    this.#logger = logger.child({ part: "network" });
    this.#overlay = new OverlayKeeper(kernel);
    this.#ingress = new IngressKeeper(kernel, nodeId);
    this.#addresses = new VirtualAddressKeeper(kernel, (taskId, cause) => {
      this.#logger.debug({ taskId, error: cause }, "a task's namespace could not be programmed");
    });
    const files = new TaskFiles(join(folder, "tasks"));
    this.#tasks = new HostTasks(files, this.#overlay, this.#addresses);
    this.#routes = new OwnRoutes(options);
    this.#tables = new KernelTables(kernel);
    this.#looks = new LookSchedule(options.clock.nowMs());
    this.#mending = new Mending(
      {
        kernel,
        overlay: this.#overlay,
        ingress: this.#ingress,
        names: options.names,
        addresses: this.#addresses,
        tables: this.#tables,
      },
      this.#logger,
    );
  }

  /**
   * Resolves once it is kept; it is applied meanwhile.
   * @param applied called once it is kept and in the kernel, if nothing else was told by then
   */
  async want(told: NodeNetworks, applied: () => void = () => undefined): Promise<void> {
    this.#told = told;
    this.#callForPass();
    await replaceFile(this.#toldPath, JSON.stringify(told), "soon");
    if (this.#applied === told) applied();
    else this.#heralds.set(told, applied);
  }

  get told(): NodeNetworks | undefined {
    return this.#told;
  }

  /** Resolves once what was told last is in the kernel, or `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#applied !== this.#told) await this.#change(signal);
  }

  /** Until `signal` aborts; then everything stays as it is. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, folder, kernel } = this.#options;
    await this.#restore();
    // A host without networks is left alone.
    while (this.#told === undefined && !signal.aborted) {
      await this.#called(WAIT_LIMIT_MS, signal);
    }
    await this.#tables.makeRoom(this.#logger);
    await kernel.nameNft(folder);
    const watching = { kernel, clock, signal };
    this.#monitors = new TaskMonitors(watching, (taskId) => {
      this.#looks.hintTask(taskId);
      this.#wake();
    });
    const onHint = (): void => {
      this.#looks.hintHost();
      this.#wake();
    };
    const watchingHost = watchHost(watching, {
      wanted: () => this.#overlay.wanted,
      onHint,
      onOwnRoute: () => this.#routes.hint(),
    });
    this.#isPassDue = true;
    while (!signal.aborted) {
      const waitMs = this.#looks.dueMs - clock.nowMs();
      if (waitMs <= 0) await this.#attempt(() => this.#look(), signal);
      else if (this.#isDue()) await this.#attempt(() => this.#giveWay(), signal);
      else await this.#called(waitMs, signal);
    }
    this.#again?.cancel();
    await watchingHost;
    this.#overlay.rest();
    this.#ingress.rest();
    this.#addresses.rest();
  }

  /** No network is wanted any more: the host is about to leave. Not while `run` runs. */
  retire(): void {
    this.#told = undefined;
  }

  /** Removes all that was made on this host. Not while `run` runs. */
  async leave(): Promise<void> {
    const told = this.#told ?? (await this.#lastTold());
    this.#told = undefined;
    if (told !== undefined) {
      await this.#options.names.remove();
      await this.#ingress.remove(told);
      await this.#overlay.remove();
    }
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  describe(): Promise<NetworkDescription> {
    return this.#routes.describe();
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#routes.change(signal);
  }

  networkIds(): ReadonlySet<string> {
    return new Set(this.#told?.networks.map(({ networkId }) => networkId));
  }

  async prepare(
    task: { readonly taskId: TaskId; readonly networkIds: readonly string[] },
    names: TaskNames,
    signal: AbortSignal,
  ): Promise<TaskNetwork> {
    const { clock } = this.#options;
    const deadlineMs = clock.nowMs() + TOLD_LIMIT_MS;
    for (;;) {
      signal.throwIfAborted();
      const network = await this.#tasks.place(this.#applied, task, names);
      if (network !== undefined) return network;
      const leftMs = deadlineMs - clock.nowMs();
      if (leftMs <= 0) {
        throw new EngineUnavailableError(`the networks of task ${task.taskId} are not set up yet`);
      }
      await this.#change(signal, leftMs);
    }
  }

  async programmed(taskId: TaskId, pid: number, signal: AbortSignal): Promise<void> {
    if (this.#tasks.started(taskId, pid) === "new") {
      this.#callForPass();
      await this.#tasks.keep(taskId, pid);
    }
    while (this.#tasks.awaitsProgram(taskId)) {
      signal.throwIfAborted();
      await this.#change(signal);
    }
  }

  ended(taskId: TaskId): void {
    this.#tasks.ended(taskId);
    this.#monitors?.follow(this.#addresses.pids());
  }

  async release(taskId: TaskId): Promise<void> {
    if ((await this.#tasks.release(taskId)) === "unknown") return;
    this.#monitors?.follow(this.#addresses.pids());
    this.#callForPass();
  }

  get #toldPath(): string {
    return join(this.#options.folder, "told.json");
  }

  async #lastTold(): Promise<NodeNetworks | undefined> {
    const text = await readIfThere(this.#toldPath);
    return text === undefined ? undefined : (JSON.parse(text) as NodeNetworks);
  }

  async #restore(): Promise<void> {
    const last = await this.#lastTold();
    this.#told ??= last; // unless something newer was told meanwhile
    await this.#tasks.restore();
  }

  /** After a failure everything is done again. */
  async #attempt(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await act();
      this.#failures = 0;
    } catch (cause) {
      // A full disk, a kernel that refuses: it may pass, and the tasks must not pay for it.
      if (cause instanceof AssertionError || !(cause instanceof Error)) throw cause;
      const { message: reason } = cause;
      this.#logger[this.#failures === 0 ? "warn" : "debug"]({ reason }, "network not as wanted");
      const delayMs = Math.min(RETRY_LIMIT_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
      this.#isPassDue = true;
      this.#looks.hintHost();
      await this.#options.clock.sleep(delayMs, signal).catch(() => undefined);
    }
  }

  /** Asked anew: it changes while others are waited for. */
  #isDue(): boolean {
    return this.#isPassDue;
  }

  async #giveWay(): Promise<void> {
    if (!this.#isPassDue) return;
    this.#isPassDue = false;
    await this.#pass();
  }

  async #pass(): Promise<void> {
    const node = this.#told;
    if (node === undefined) return;
    await this.#enter(node);
    this.#applied = node;
    this.#heralds.get(node)?.();
    this.#heralds.delete(node);
    await this.#ingress.follow(node, [...this.#addresses.pids().values()].join());
    for (const wake of [...this.#waiting]) wake();
    await this.#addresses.follow();
    this.#monitors?.follow(this.#addresses.pids());
    this.#again?.cancel();
    if (!this.#tasks.isIncomplete) return;
    this.#again = this.#options.clock.after(AGAIN_MS, () => this.#callForPass());
  }

  async #enter(node: NodeNetworks): Promise<void> {
    if (this.#applied === undefined) await this.#takeUp(node);
    else await this.#overlay.apply(node);
    const applying = Promise.all([this.#addresses.apply(node), this.#ingress.apply(node)]);
    const names = networkNames(node); // while the kernel is at work
    // Names after addresses: a name stands for what leads somewhere.
    const [programmed] = await applying;
    this.#tasks.follow(programmed);
    await this.#options.names.apply(nameState(node, this.#tasks.askers(), names));
  }

  /** Whatever happened to it while nobody looked after it. */
  async #takeUp(node: NodeNetworks): Promise<void> {
    const repairs = await this.#overlay.mend(node);
    // A bridge that was made anew has lost its ports.
    if (repairs.length > 0) await reattach(this.#options.kernel, node, this.#addresses.pids());
  }

  async #look(): Promise<void> {
    await this.#giveWay();
    const first = this.#applied;
    if (first === undefined) return;
    const { host, taskIds } = this.#looks.take(this.#options.clock.nowMs(), this.#tasks.running());
    const look = { wanted: () => this.#applied ?? first, giveWay: () => this.#giveWay() };
    if (host === "due") await this.#mending.host(look);
    await this.#mending.tasks(taskIds, look);
  }

  #callForPass(): void {
    this.#isPassDue = true;
    this.#wake();
  }

  /** Until a pass is called for, the time is over, or `signal` aborts. */
  #called(limitMs: number, signal: AbortSignal): Promise<void> {
    return until(this.#options.clock, limitMs, signal, (wake) => {
      this.#wake = wake;
      return () => (this.#wake = () => undefined);
    });
  }

  /** Until a pass has ended, the time is over, or `signal` aborts. */
  #change(signal: AbortSignal, limitMs = WAIT_LIMIT_MS): Promise<void> {
    return until(this.#options.clock, limitMs, signal, (wake) => {
      this.#waiting.add(wake);
      return () => this.#waiting.delete(wake);
    });
  }
}
