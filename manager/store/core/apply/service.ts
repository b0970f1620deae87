/**
 * Changes of services and of their revisions. Revisions are there as long as their service, or a
 * task of it, is: removing the last of both removes them in the same command.
 */
import {
  AlreadyExistsError,
  FailedPreconditionError,
  NameConflictError,
} from "../../../../shared/errors/cluster-error.js";
import type { ServiceId } from "../../../../shared/model/ids.js";
import { type Revision, REVISIONS_KEPT } from "../../../../shared/model/revision.js";
import { type Service, serviceName } from "../../../../shared/model/service.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import type { State } from "../state.js";
import { existingNetwork, existingService, expectVersion } from "./preconditions.js";

export function createService(draft: Draft, change: ChangeOf<"create-service">): void {
  const { service, revision } = change;
  const { state, sequence, atMs } = draft;
  // Revisions alone remain of a service whose tasks are still there: its id is not free yet.
  if (state.service(service.id) !== undefined || state.revisions(service.id).length > 0)
    throw new AlreadyExistsError("service", service.id);
  const name = serviceName(service.frame);
  if (state.serviceByName(name) !== undefined) throw new NameConflictError("service", name);
  if (revision.serviceId !== service.id || revision.number !== service.revision)
    throw new FailedPreconditionError(
      `service ${service.id} names its revision ${service.revision}, the command brings ${revision.number} of ${revision.serviceId}`,
    );
  draft.setService(service.id, undefined, {
    ...service,
    version: sequence,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
  draft.addRevision({ ...revision, createdAtMs: atMs });
}

export function updateService(draft: Draft, change: ChangeOf<"update-service">): void {
  const { state, sequence, atMs } = draft;
  const before = existingService(state, change.serviceId);
  expectVersion("service", before, change.expectedVersion);
  const name = serviceName(change.frame);
  const namesake = state.serviceByName(name);
  if (namesake !== undefined && namesake.id !== before.id)
    throw new NameConflictError("service", name);
  if (change.newRevision !== undefined) addRevision(draft, before, change.newRevision);
  expectRevision(state, before.id, change.revision);
  if (change.previous !== undefined) expectRevision(state, before.id, change.previous.revision);
  const { previous: _, update: _ended, rebalance, ...kept } = before;
  draft.setService(before.id, before, {
    ...kept,
    version: sequence,
    updatedAtMs: atMs,
    frame: change.frame,
    revision: change.revision,
    ...(change.previous !== undefined && { previous: change.previous }),
    ...(change.update !== undefined && { update: change.update }),
    // Where it could not go before, it may now.
    ...(rebalance?.state === "rebalancing" && { rebalance: { ...rebalance, avoided: [] } }),
  });
  trimRevisions(draft, before.id);
}

export function allocateService(draft: Draft, change: ChangeOf<"allocate-service">): void {
  const before = existingService(draft.state, change.serviceId);
  for (const { networkId } of change.endpoint?.vips ?? []) existingNetwork(draft.state, networkId);
  const { endpoint: _former, ...service } = before;
  draft.setService(before.id, before, {
    ...service,
    updatedAtMs: draft.atMs,
    ...(change.endpoint !== undefined && { endpoint: change.endpoint }),
  });
}

export function observeUpdate(draft: Draft, change: ChangeOf<"observe-update">): void {
  const before = existingService(draft.state, change.serviceId);
  expectVersion("service", before, change.expectedVersion);
  const after = { ...before, updatedAtMs: draft.atMs, update: change.update };
  draft.setService(before.id, before, after);
}

export function observeRebalance(draft: Draft, change: ChangeOf<"observe-rebalance">): void {
  const before = existingService(draft.state, change.serviceId);
  const after = { ...before, updatedAtMs: draft.atMs, rebalance: change.rebalance };
  draft.setService(before.id, before, after);
}

export function removeService(draft: Draft, id: ServiceId): void {
  const service = existingService(draft.state, id);
  draft.setService(id, service, undefined);
  removeRevisionsOfNothing(draft, id);
}

export function removeRevision(draft: Draft, change: ChangeOf<"remove-revision">): void {
  const { serviceId, number } = change;
  const revision = expectRevision(draft.state, serviceId, number);
  if (revisionsInUse(draft.state, serviceId).has(number))
    throw new FailedPreconditionError(`revision ${number} of service ${serviceId} is in use`);
  draft.removeRevision(revision);
}

/** To be called when a service or a task of it was removed. */
export function removeRevisionsOfNothing(draft: Draft, id: ServiceId): void {
  const { state } = draft;
  if (state.service(id) !== undefined || state.hasTasks(id)) return;
  for (const revision of state.revisions(id)) draft.removeRevision(revision);
}

/** @throws FailedPreconditionError there is no such revision. */
export function expectRevision(state: State, id: ServiceId, number: number): Revision {
  const revision = state.revision(id, number);
  if (revision === undefined)
    throw new FailedPreconditionError(`service ${id} has no revision ${number}`);
  return revision;
}

function addRevision(draft: Draft, service: Service, revision: Revision): void {
  const newest = draft.state.revisions(service.id).at(-1)?.number ?? 0;
  if (revision.serviceId !== service.id || revision.number <= newest)
    throw new FailedPreconditionError(
      `the newest revision of service ${service.id} is ${newest}; ${revision.number} of ${revision.serviceId} cannot follow it`,
    );
  draft.addRevision({ ...revision, createdAtMs: draft.atMs });
}

/** Drops the oldest of those that nothing uses, down to as many as are kept. */
function trimRevisions(draft: Draft, id: ServiceId): void {
  const { state } = draft;
  const revisions = state.revisions(id);
  if (revisions.length <= REVISIONS_KEPT) return;
  const used = revisionsInUse(state, id);
  const unused = revisions.filter(({ number }) => !used.has(number));
  const surplus = Math.max(0, unused.length - REVISIONS_KEPT);
  for (const revision of unused.slice(0, surplus)) draft.removeRevision(revision);
}

function revisionsInUse(state: State, id: ServiceId): ReadonlySet<number> {
  const used = new Set(state.tasksOfService(id).map(({ revision }) => revision));
  const service = state.service(id);
  if (service !== undefined) used.add(service.revision);
  if (service?.previous !== undefined) used.add(service.previous.revision);
  return used;
}
