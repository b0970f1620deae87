/**
 * Back to what a service was before. What its tasks are made from becomes a new revision with the
 * old one's template: so a rollback's tasks can be told from those that still run since then, and
 * the history says when it was gone back.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Revision } from "../../../shared/model/revision.js";
import { isJob, type PreviousService, type Service } from "../../../shared/model/service.js";
import type { StoreView } from "../../store/core/view.js";

export interface RevisionChoice {
  readonly revision: number;
  readonly newRevision?: Revision;
}

type RevisionMaking = Pick<Revision, "createdAtMs" | "by">;

/**
 * Where the service runs that template already it keeps its revision; a job runs again, and each
 * run is a revision.
 */
export function revisionLike(
  view: StoreView,
  service: Service,
  target: PreviousService["revision"],
  made: RevisionMaking,
): RevisionChoice {
  const past = view.revision(service.id, target);
  const present = view.revision(service.id, service.revision);
  if (past === undefined) return { revision: target };
  if (!isJob(service.frame) && past.hash === present?.hash) return { revision: service.revision };
  const number = nextRevision(view, service.id, service.revision);
  const { by: _, ...same } = past;
  return { revision: number, newRevision: { ...same, ...made, number, rollbackOf: target } };
}

/** The newest revisions are always kept, so one past the newest was never used. */
export function nextRevision(view: StoreView, id: ServiceId, present: number): number {
  const newest = view.revisions(id).at(-1)?.number ?? present;
  return Math.max(newest, present) + 1;
}
