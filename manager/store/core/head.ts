/**
 * The speculative head: what is committed plus what is in flight. Writers see it, and nobody else.
 * It is thin: only what is in flight lies in it, and leaves it when its command is committed.
 */
import { LayerCells } from "./layer.js";
import { LayerTable, LayerTaskTable } from "./layer-table.js";
import { State } from "./state.js";
import type { Tables } from "./tables.js";

export class Head extends State {
  readonly #tables: Tables;
  readonly #layers: readonly AnyLayer[];
  #inFlight = 0;
  /** Counts commands from the head's beginning; the one being written, or the next. */
  #writer = 0;

  constructor(tables: Tables) {
    const writer = (): number => this.#writer;
    const { parts } = tables;
    const over = {
      cluster: new LayerCells(parts.cluster, writer),
      nodes: new LayerTable(parts.nodes, writer),
      networks: new LayerTable(parts.networks, writer),
      networkNames: new LayerCells(parts.networkNames, writer),
      services: new LayerTable(parts.services, writer),
      serviceNames: new LayerCells(parts.serviceNames, writer),
      revisions: new LayerCells(parts.revisions, writer),
      tasks: new LayerTaskTable(parts.tasks, writer),
      attachments: new LayerTable(parts.attachments, writer),
    };
    super(over);
    this.#tables = tables;
    this.#layers = Object.values(over).map(({ layer }) => layer);
  }

  override get sequence(): number {
    return this.#tables.sequence + this.#inFlight;
  }

  /** What was written since the last call is one command, and on its way. */
  proposed(): void {
    this.#writer++;
    this.#inFlight++;
  }

  /** The oldest command in flight was applied to the tables below, just now. */
  committed(): void {
    const oldest = this.#writer - this.#inFlight;
    for (const layer of this.#layers) layer.commit(oldest);
    this.#inFlight--;
  }

  override rollback(): void {
    for (const layer of this.#layers) layer.rollback(this.#writer);
  }
}

interface AnyLayer {
  commit(writer: number): void;
  rollback(writer: number): void;
}
