/** The committed state: mutable maps with indexes, changed by `apply` alone. */
import { assertNever } from "../../../shared/errors/assert.js";
import type { Attachment } from "../../../shared/model/attachment.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Network } from "../../../shared/model/network.js";
import type { Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Service } from "../../../shared/model/service.js";
import type { StoreEvent } from "./change.js";
import { State, type StateParts } from "./state.js";
import { CellTable, Table } from "./table.js";
import { TaskTable } from "./task-table.js";

export interface TableParts extends StateParts {
  readonly cluster: CellTable<"cluster", Cluster>;
  readonly nodes: Table<NodeId, Node>;
  readonly networks: Table<NetworkId, Network>;
  readonly networkNames: CellTable<string, NetworkId>;
  readonly services: Table<ServiceId, Service>;
  readonly serviceNames: CellTable<string, ServiceId>;
  readonly revisions: CellTable<ServiceId, readonly Revision[]>;
  readonly tasks: TaskTable;
  readonly attachments: Table<TaskId, Attachment>;
}

export class Tables extends State {
  /** What a speculative head lies on. */
  readonly parts: TableParts;
  #sequence = 0;

  constructor() {
    const parts: TableParts = {
      cluster: new CellTable(),
      nodes: new Table(),
      networks: new Table(),
      networkNames: new CellTable(),
      services: new Table(),
      serviceNames: new CellTable(),
      revisions: new CellTable(),
      tasks: new TaskTable(),
      attachments: new Table(),
    };
    super(parts);
    this.parts = parts;
  }

  override get sequence(): number {
    return this.#sequence;
  }

  /** A command was applied or refused: both count. */
  advanceTo(sequence: number): void {
    this.#sequence = sequence;
  }

  override rollback(events: readonly StoreEvent[]): void {
    for (const event of events.toReversed()) this.#undo(event);
  }

  #undo(event: StoreEvent): void {
    switch (event.type) {
      case "cluster":
        this.setCluster(event.after, event.before);
        return;
      case "node":
        this.setNode(idOf(event), event.after, event.before);
        return;
      case "network":
        this.setNetwork(idOf(event), event.after, event.before);
        return;
      case "service":
        this.setService(idOf(event), event.after, event.before);
        return;
      case "revision": {
        const { serviceId, number } = objectOf(event);
        this.setRevision(serviceId, number, event.before);
        return;
      }
      case "task":
        this.setTask(idOf(event), event.after, event.before);
        return;
      case "attachment":
        this.setAttachment(idOf(event), event.after, event.before);
        return;
      default:
        assertNever(event);
    }
  }
}

function idOf<Id>(event: { readonly before?: { id: Id }; readonly after?: { id: Id } }): Id {
  return objectOf(event).id;
}

function objectOf<T>(event: { readonly before?: T; readonly after?: T }): T {
  return (event.after ?? event.before) as T;
}
