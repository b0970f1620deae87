/**
 * What must hold of a simulated cluster at every moment, whatever happens to it. A check that fails
 * notes when and what; the test shows them with the seed.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import { EngineChecks } from "./engine-checks.js";
import { Facts, TICK_MS } from "./facts.js";
import { NodeChecks } from "./node-checks.js";
import type { SimCluster } from "./sim-cluster.js";
import { TaskChecks } from "./task-checks.js";

/** Notes what is wrong, at the simulated time. */
export type Note = (text: string) => void;

export class Checks {
  readonly violations: string[] = [];
  /** How the nodes' states changed. */
  readonly journal: string[] = [];
  readonly #cluster: SimCluster;
  readonly #facts: Facts;
  readonly #nodes: NodeChecks;
  readonly #engines: EngineChecks;
  readonly #tasks: TaskChecks;
  #ended = false;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    this.#facts = new Facts(cluster);
    const note: Note = (text) => this.#note(text);
    this.#nodes = new NodeChecks(this.#facts, note);
    this.#engines = new EngineChecks(this.#facts, note);
    this.#tasks = new TaskChecks(cluster, note);
    cluster.store.watch(({ events }) => {
      for (const event of events) this.#see(event);
    });
    this.#tick();
  }

  /** After a long time without faults. */
  end(): void {
    this.#ended = true;
    this.#tasks.atPeace();
    for (const { name, disk } of this.#cluster.workers) {
      for (const fall of disk.fallen) this.#note(`${name}: its fence fell from ${fall}`);
    }
    for (const failure of this.#cluster.failures) this.#note(`threw ${String(failure)}`);
  }

  #tick(): void {
    if (this.#ended) return;
    this.#facts.tick();
    for (const node of this.#facts.nodes.values()) {
      this.#nodes.tick(node);
      this.#engines.tick(node);
    }
    this.#cluster.clock.after(TICK_MS, () => this.#tick());
  }

  #see(event: StoreEvent): void {
    if (event.type === "node" && event.before !== undefined && event.after !== undefined) {
      const [{ id, status: before }, { status: after }] = [event.before, event.after];
      if (before.state === after.state && before.message === after.message) return;
      this.journal.push(`${this.#now} ${id} ${after.state}: ${after.message}`);
      const facts = this.#facts.of(id);
      this.#nodes.changed(facts, before, after);
      this.#engines.changed(facts, after);
      this.#tasks.nodeChanged(id);
    }
    if (event.type === "task" && event.before !== undefined && event.after !== undefined) {
      this.#tasks.changed(event.before, event.after);
    }
  }

  get #now(): string {
    return `${(this.#cluster.nowMs / 1_000).toFixed(2)}s`;
  }

  /** Each violation once: a check that fails at every tick says so at the first. */
  #note(text: string): void {
    const what = (line: string): string => line.replace(/^[\d.]+s /, "").replace(/\d+ ms/g, "");
    if (this.violations.some((known) => what(known) === what(text))) return;
    this.violations.push(`${this.#now} ${text}`);
  }
}
