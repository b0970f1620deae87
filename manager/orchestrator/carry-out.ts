/** Carries an action out within a transaction: what no longer fits the head is left out. */
import { newId, type ServiceId, type TaskId } from "../../shared/model/ids.js";
import type { Random } from "../../shared/ports/random.js";
import type { Transaction } from "../store/store-access.js";
import type { Action } from "./core/action.js";
import { changesOf } from "./core/changes-of.js";

/** Each is two changes at most, and a command holds a thousand (`manager/store/limits.ts`). */
export const ACTIONS_PER_COMMAND = 500;

export function carryOut(
  tx: Transaction,
  { serviceId, action }: { readonly serviceId: ServiceId; readonly action: Action },
  random: Random,
): void {
  const newTaskId = (): TaskId => newId<TaskId>(random);
  const changes = changesOf(tx.view, action, { serviceId, atMs: tx.atMs, newTaskId });
  for (const change of changes) tx.apply(change);
}
