/**
 * `apply`: one command upon the committed state. Pure, deterministic and total: the same
 * commands in the same order give the same state on every manager, and a command that no longer
 * fits changes nothing and says why. It never throws: a throw here would stop every manager at
 * the same entry, for ever.
 */
import { ClusterError, type ErrorCode } from "../../../shared/errors/cluster-error.js";
import { applyChange } from "./apply/change.js";
import type { Command, StoreEvent } from "./change.js";
import { Draft } from "./draft.js";
import type { Replica } from "./replica.js";
import type { RequestOutcome } from "./requests.js";

export type Applied =
  | { readonly kind: "applied"; readonly sequence: number; readonly events: readonly StoreEvent[] }
  | {
      readonly kind: "refused";
      readonly sequence: number;
      readonly refusal: Refusal;
      /** What was thrown: for the log, and for nothing that is replicated. */
      readonly cause: unknown;
    }
  /** The request was answered before; nothing was changed now. */
  | { readonly kind: "repeated"; readonly sequence: number; readonly outcome: RequestOutcome };

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

export function applyCommand(replica: Replica, command: Command): Applied {
  const sequence = replica.tables.sequence + 1;
  replica.tables.advanceTo(sequence);
  const { requestId } = command;
  const known = requestId === undefined ? undefined : replica.requests.get(requestId);
  if (known !== undefined) return { kind: "repeated", sequence, outcome: known };
  const applied = applyChanges(replica, command, sequence);
  if (applied.kind === "applied") replica.hash.note(applied.events);
  if (requestId !== undefined) remember(replica, requestId, applied);
  return applied;
}

type Answer = Exclude<Applied, { kind: "repeated" }>;

function applyChanges(replica: Replica, command: Command, sequence: number): Answer {
  const draft = new Draft(replica.tables, { atMs: command.atMs, sequence });
  try {
    for (const change of command.changes) applyChange(draft, change);
    return { kind: "applied", sequence, events: draft.events() };
  } catch (error) {
    draft.rollback();
    return { kind: "refused", sequence, refusal: refusalOf(error), cause: error };
  }
}

function remember(replica: Replica, requestId: string, answer: Answer): void {
  const { sequence } = answer;
  const outcome: RequestOutcome =
    answer.kind === "refused"
      ? { requestId, sequence, error: answer.refusal }
      : { requestId, sequence, ...createdObject(answer.events) };
  const forgotten = replica.requests.add(outcome);
  replica.hash.noteRequest(outcome, forgotten);
}

function createdObject(events: readonly StoreEvent[]): { objectId?: string } {
  for (const { type, before, after } of events)
    if (before === undefined && after !== undefined && type !== "revision")
      return { objectId: after.id };
  return {};
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof ClusterError) return { code: error.code, message: error.message };
  // A bug of ours, or a command of a shape that no release writes. The engine's own words differ
  // between its releases, and what is remembered must be the same on every manager.
  return { code: "invalid-argument", message: "the command has a shape that cannot be applied" };
}
