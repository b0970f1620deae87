/** From an accepted spec to the change that the store is asked for. */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { ServiceFrame, ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import {
  FailedPreconditionError,
  NameConflictError,
  UnimplementedError,
} from "../../../shared/errors/cluster-error.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { type Revision, revisionHash } from "../../../shared/model/revision.js";
import { isJob, type Service, serviceName } from "../../../shared/model/service.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { nextRevision, revisionLike } from "../../updater/core/roll-back.js";
import { checkPortsFree } from "./check-endpoint.js";

/** A completed spec that passed the gate. */
export interface AcceptedSpec {
  readonly frame: ServiceFrame;
  readonly template: TaskSpec;
}

export function splitSpec(spec: ServiceSpec): AcceptedSpec {
  const { TaskTemplate: template = {}, ...frame } = spec;
  return { frame, template };
}

/** @throws NameConflictError, InvalidArgumentError for a port that another service has */
export function planCreate(
  view: StoreView,
  id: ServiceId,
  atMs: number,
  { frame, template }: AcceptedSpec,
): Change {
  const name = serviceName(frame);
  if (view.serviceByName(name) !== undefined) throw new NameConflictError("service", name);
  checkPortsFree(frame.EndpointSpec ?? {}, () => view.services());
  return {
    kind: "create-service",
    service: { id, version: 0, createdAtMs: atMs, updatedAtMs: atMs, frame, revision: 1 },
    revision: makeRevision(id, 1, atMs, { frame, template }),
  };
}

export interface PlannedUpdate {
  /** The version that the user read. */
  readonly expectedVersion: number;
  readonly atMs: number;
}

/**
 * @throws UnimplementedError for another name or mode, as Docker answers these
 * @throws InvalidArgumentError for a port that another service has
 */
export function planUpdate(
  view: StoreView,
  service: Service,
  { frame, template }: AcceptedSpec,
  { expectedVersion, atMs }: PlannedUpdate,
): Change {
  if (serviceName(frame) !== serviceName(service.frame)) {
    throw new UnimplementedError("renaming services is not supported");
  }
  if (modeOf(frame) !== modeOf(service.frame)) {
    throw new UnimplementedError("service mode change is not allowed");
  }
  checkPortsFree(frame.EndpointSpec ?? {}, () =>
    view.services().filter((other) => other.id !== service.id),
  );
  const present = view.revision(service.id, service.revision);
  const next = makeRevision(service.id, nextRevision(view, service.id, service.revision), atMs, {
    frame,
    template,
  });
  const same = present?.hash === next.hash;
  return {
    kind: "update-service",
    serviceId: service.id,
    expectedVersion,
    frame,
    revision: same ? service.revision : next.number,
    ...(same ? {} : { newRevision: next }),
    previous: { frame: service.frame, revision: service.revision },
  };
}

/**
 * What was becomes what is, and the other way round.
 * @throws FailedPreconditionError where the service was never updated
 */
export function planRollback(
  view: StoreView,
  service: Service,
  { expectedVersion, atMs }: PlannedUpdate,
): Change {
  const { previous } = service;
  if (previous === undefined) {
    throw new FailedPreconditionError(`service ${service.id} does not have a previous spec`);
  }
  return {
    kind: "update-service",
    serviceId: service.id,
    expectedVersion,
    frame: previous.frame,
    ...revisionLike(view, service, previous.revision, atMs),
    previous: { frame: service.frame, revision: service.revision },
    ...(isJob(service.frame)
      ? {}
      : {
          update: {
            state: "rollback_started",
            message: "manually requested rollback",
            startedAtMs: atMs,
          },
        }),
  };
}

function makeRevision(
  serviceId: ServiceId,
  number: number,
  createdAtMs: number,
  { frame, template }: AcceptedSpec,
): Revision {
  const hostPorts = (frame.EndpointSpec?.Ports ?? []).filter(isOnHost);
  return {
    serviceId,
    number,
    createdAtMs,
    template,
    ...(hostPorts.length === 0 ? {} : { hostPorts }),
    hash: revisionHash(template, hostPorts),
  };
}

function isOnHost(port: EndpointPortConfig): boolean {
  return port.PublishMode === "host";
}

function modeOf(frame: ServiceFrame): string {
  const mode = frame.Mode ?? {};
  return Object.keys(mode).find((name) => mode[name as keyof typeof mode] !== undefined) ?? "";
}
