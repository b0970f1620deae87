/**
 * Changes written into a command: those of tasks straight into bytes, the
 * rare others by protobufjs.
 */
import { assertNever } from "../../shared/errors/assert.js";
import { messageType } from "../../shared/rpc/protos.js";
import type { ProtoWriter } from "../../shared/rpc/wire/proto-writer.js";
import { DESIRED_NUMBERS } from "../../shared/rpc/wire/task.js";
import {
  writeAddresses,
  writeGenerics,
  writeTask,
  writeTaskStatus,
} from "../../shared/rpc/wire/task-writer.js";
import { changeToWire, type WireChange } from "./change-codec.js";
import type { Change } from "./core/change.js";
import { checkSpecSizes } from "./spec-sizes.js";

const changeType = messageType<WireChange>("skep.state.v1.Change");

/** Numbers of the fields in `state.proto`. */
const CHANGE = {
  createTask: 11,
  assignTask: 12,
  wantTask: 13,
  observeTask: 14,
  removeTask: 15,
  allocateTask: 22,
} as const satisfies Partial<Record<keyof WireChange, number>>;
const ASSIGN = { taskId: 1, nodeId: 2, message: 3, generics: 4 } as const;
const ALLOCATE = { taskId: 1, addresses: 2, message: 3 } as const;
const REMOVE = { taskId: 1 } as const;
const WANT = { taskId: 1, desired: 2 } as const;
const OBSERVE = { taskId: 1, status: 2 } as const;

/** @throws TooLargeError a spec in it is too long. */
export function writeChange(writer: ProtoWriter, field: number, change: Change): void {
  if (!isTaskChange(change)) {
    const wire = changeToWire(change);
    checkSpecSizes(wire);
    writer.message(field, changeType.encode(wire));
    return;
  }
  const begun = writer.begin(field);
  writeTaskChange(writer, change);
  writer.end(begun);
}

type TaskChange = Extract<Change, { readonly task: unknown } | { readonly taskId: unknown }>;

export function isTaskChange(change: Change): change is TaskChange {
  return "taskId" in change || "task" in change;
}

function writeTaskChange(writer: ProtoWriter, change: TaskChange): void {
  switch (change.kind) {
    case "create-task":
      writeTask(writer, CHANGE.createTask, change.task);
      return;
    case "remove-task": {
      const begun = writer.begin(CHANGE.removeTask);
      writer.text(REMOVE.taskId, change.taskId);
      writer.end(begun);
      return;
    }
    case "allocate-task": {
      const begun = writer.begin(CHANGE.allocateTask);
      writer.text(ALLOCATE.taskId, change.taskId);
      writeAddresses(writer, ALLOCATE.addresses, change.addresses);
      writer.text(ALLOCATE.message, change.message);
      writer.end(begun);
      return;
    }
    case "assign-task": {
      const begun = writer.begin(CHANGE.assignTask);
      writer.text(ASSIGN.taskId, change.taskId);
      writer.text(ASSIGN.nodeId, change.nodeId);
      writer.text(ASSIGN.message, change.message);
      if (change.generics !== undefined) writeGenerics(writer, ASSIGN.generics, change.generics);
      writer.end(begun);
      return;
    }
    case "want-task": {
      const begun = writer.begin(CHANGE.wantTask);
      writer.text(WANT.taskId, change.taskId);
      writer.uint(WANT.desired, DESIRED_NUMBERS[change.desired]);
      writer.end(begun);
      return;
    }
    case "observe-task": {
      const begun = writer.begin(CHANGE.observeTask);
      writer.text(OBSERVE.taskId, change.taskId);
      writeTaskStatus(writer, OBSERVE.status, change.status);
      writer.end(begun);
      return;
    }
    default:
      assertNever(change);
  }
}
