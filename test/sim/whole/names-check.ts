/**
 * DESIGN 5, point 10, for networks, and what names stand for: a node hears of the networks that it
 * has tasks on and of what is on these alone; and, where nothing is cut, names on every node stand
 * for exactly the tasks that run, a second after the last change at the latest.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { OverlayNetwork } from "../../../shared/model/node-networks.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { nameState } from "../../../worker/network/core/dns-state.js";
import type { SimWorker } from "../cluster/sim-worker.js";
import type { Check, Ground } from "./ground.js";

/** What is wrong for longer than it may be is seen soon enough. */
const LOOK_MS = 300;
const RIGHT_WITHIN_MS = 1_000;
/** From when its last task there is forgotten until the node is no longer on the network. */
const LEFT_WITHIN_MS = 10_000;

export class NamesCheck implements Check {
  readonly points = "10";
  readonly #ground: Ground;
  /** Since when it has served, or not. */
  readonly #changedMs = new Map<TaskId, number>();
  #nextMs = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    const { nowMs, view } = this.#ground;
    for (const event of events) {
      if (event.type === "task") {
        const { before, after } = event;
        const id = (after ?? before)?.id;
        if (id === undefined || isServing(before) === isServing(after)) continue;
        this.#changedMs.set(id, nowMs);
      }
      // Whoever is on a node that is called lost, or found again, is another matter from then on.
      if (event.type === "node" && event.before?.status.state !== event.after?.status.state) {
        const id = (event.after ?? event.before)?.id;
        if (id === undefined) continue;
        for (const task of view.tasksOfNode(id)) this.#changedMs.set(task.id, nowMs);
      }
    }
  }

  tick(): void {
    if (this.#ground.nowMs < this.#nextMs) return;
    this.#nextMs = this.#ground.nowMs + LOOK_MS;
    for (const worker of this.#ground.workers) {
      const forMs = this.#ground.soundForMs(worker.nodeId);
      if (forMs <= RIGHT_WITHIN_MS) continue;
      for (const network of worker.networks?.networks ?? []) {
        this.#isItsBusiness(worker, network, forMs);
        this.#isRight(worker, network);
      }
      this.#namesStandForWhatRuns(worker);
    }
  }

  #isItsBusiness({ nodeId, name }: SimWorker, network: OverlayNetwork, forMs: number): void {
    const { view, nowMs } = this.#ground;
    for (const { taskId } of network.endpoints) {
      const task = this.#ground.tasks.get(taskId)?.task;
      if (task !== undefined && isOn(task, network)) continue;
      const detail = `${name} is told of ${taskId} on ${network.name}`;
      this.#ground.violated("a worker hears of what is on a network", detail);
    }
    if (network.kind === "ingress" || forMs <= LEFT_WITHIN_MS) return;
    const isOnIt = [...this.#ground.tasks.values()].some(({ task, forgottenMs = nowMs }) => {
      if (task.nodeId !== nodeId || !isOn(task, network)) return false;
      return nowMs - forgottenMs <= LEFT_WITHIN_MS;
    });
    if (isOnIt || view.node(nodeId) === undefined) return;
    const detail = `${name} is told of ${network.name}, and has no task on it`;
    this.#ground.violated("a worker hears of its own networks", detail);
  }

  /** Connections are led to exactly those that serve. */
  #isRight({ name }: SimWorker, network: OverlayNetwork): void {
    const { view } = this.#ground;
    if (network.kind === "ingress") return;
    for (const { serviceId, backends } of network.services) {
      const tasks = view.tasksOfService(serviceId);
      const living = tasks.filter(({ status }) => !isTerminal(status.state));
      const held = new Set(living.flatMap((task) => addressesOn(network, task)));
      for (const task of tasks) {
        if (!this.#isSettled(task)) continue;
        const own = addressesOn(network, task);
        // What an ended one had may be another's by now.
        const isPassedOn = !living.includes(task) && own.some((address) => held.has(address));
        if (own.length === 0 || isPassedOn) continue;
        const isNamed = own.some((address) => backends.includes(address));
        if (isNamed === this.#serves(task)) continue;
        const detail = `on ${name}, ${task.id} (${task.desired}/${task.status.state}) is ${isNamed ? "" : "not "}behind its service on ${network.name}`;
        this.#ground.violated("names stand for what runs", detail);
      }
    }
  }

  /** As the node's answerer of names has it. */
  #namesStandForWhatRuns({ name, networks }: SimWorker): void {
    if (networks === undefined) return;
    const { view } = this.#ground;
    const tasks = new Map<string, Task>();
    for (const task of view.tasks()) {
      if (isTerminal(task.status.state)) continue;
      for (const { networkId, addresses } of task.addresses ?? [])
        for (const address of addresses) tasks.set(`${networkId} ${address}`, task);
    }
    const state = nameState(networks, new Map());
    for (const { networkId, names } of state.networks) {
      for (const [word, addresses] of names) {
        for (const address of addresses) {
          const task = tasks.get(`${networkId} ${address}`);
          if (task === undefined || !this.#isSettled(task) || this.#serves(task)) continue;
          const detail = `on ${name}, ${word} is ${address}, and ${task.id} is ${task.status.state}`;
          this.#ground.violated("no name stands for what does not run", detail);
        }
      }
    }
  }

  #serves(task: Task): boolean {
    return isServing(task) && this.#ground.isInReach(task.nodeId);
  }

  #isSettled({ id }: Task): boolean {
    const sinceMs = this.#changedMs.get(id);
    return sinceMs !== undefined && this.#ground.nowMs - sinceMs > RIGHT_WITHIN_MS;
  }
}

function isOn({ addresses = [] }: Task, { networkId }: OverlayNetwork): boolean {
  return addresses.some((each) => each.networkId === networkId);
}

function addressesOn({ networkId }: OverlayNetwork, { addresses = [] }: Task): readonly string[] {
  return addresses.find((each) => each.networkId === networkId)?.addresses ?? [];
}

/** It runs, is healthy and shall go on. */
export function isServing(task: Task | undefined): boolean {
  if (task?.status.state !== "running" || task.status.container?.isUnhealthy === true) return false;
  return isWanted(task.desired);
}
