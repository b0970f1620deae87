/** From an accepted spec to the change that the store is asked for. */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { ServiceFrame, ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import {
  FailedPreconditionError,
  NameConflictError,
  NotFoundError,
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
  { frame, template }: AcceptedSpec,
  { atMs, by }: Authorship,
): Change {
  const name = serviceName(frame);
  if (view.serviceByName(name) !== undefined) throw new NameConflictError("service", name);
  checkPortsFree(frame.EndpointSpec ?? {}, () => view.services());
  return {
    kind: "create-service",
    service: { id, version: 0, createdAtMs: atMs, updatedAtMs: atMs, frame, revision: 1 },
    revision: { ...makeRevision(id, 1, atMs, { frame, template }), ...authorship(by) },
  };
}

interface Authorship {
  readonly atMs: number;
  /** Who asks for it, as its program calls itself. */
  readonly by?: string | undefined;
}

export interface PlannedUpdate extends Authorship {
  /** The version that the user read. */
  readonly expectedVersion: number;
}

/**
 * @throws UnimplementedError for another name or mode, as Docker answers these
 * @throws InvalidArgumentError for a port that another service has
 */
export function planUpdate(
  view: StoreView,
  service: Service,
  { frame, template }: AcceptedSpec,
  { expectedVersion, atMs, by }: PlannedUpdate,
): PlannedChange {
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
    ...(same ? {} : { newRevision: { ...next, ...authorship(by) } }),
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
  { expectedVersion, atMs, by }: PlannedUpdate,
): PlannedChange {
  const { previous } = service;
  if (previous === undefined) {
    const name = serviceName(service.frame);
    throw new FailedPreconditionError(`service ${name} does not have a previous spec`);
  }
  return {
    kind: "update-service",
    serviceId: service.id,
    expectedVersion,
    frame: previous.frame,
    ...revisionLike(view, service, previous.revision, { createdAtMs: atMs, ...authorship(by) }),
    previous: { frame: service.frame, revision: service.revision },
    ...rollbackStarted(service, atMs),
  };
}

/**
 * Tasks are made from what that revision says, its ports on their hosts included; everything else
 * of the service stays as it is.
 * @throws NotFoundError, or FailedPreconditionError where that is what runs already
 */
export function planRollbackTo(
  view: StoreView,
  service: Service,
  target: number,
  planned: PlannedUpdate,
): Change {
  const past = view.revision(service.id, target);
  const name = serviceName(service.frame);
  if (past === undefined) throw new NotFoundError("revision", `${target} of ${name}`);
  const frame = withHostPorts(service.frame, past.hostPorts ?? []);
  const change = planUpdate(view, service, { frame, template: past.template }, planned);
  const { newRevision } = change;
  if (newRevision === undefined) {
    throw new FailedPreconditionError(`service ${name} runs what revision ${target} says already`);
  }
  return {
    ...change,
    newRevision: { ...newRevision, rollbackOf: target },
    ...rollbackStarted(service, planned.atMs),
  };
}

function withHostPorts(frame: ServiceFrame, hostPorts: readonly EndpointPortConfig[]) {
  const { EndpointSpec: endpoint = {} } = frame;
  const { Ports: present = [] } = endpoint;
  if (hostPorts.length === 0 && !present.some(isOnHost)) return frame;
  const Ports = [...present.filter((port) => !isOnHost(port)), ...hostPorts];
  return { ...frame, EndpointSpec: { ...endpoint, Ports } };
}

type PlannedChange = Extract<Change, { readonly kind: "update-service" }>;

/** A job just runs again. */
function rollbackStarted(service: Service, startedAtMs: number): Pick<PlannedChange, "update"> {
  if (isJob(service.frame)) return {};
  const message = "manually requested rollback";
  return { update: { state: "rollback_started", message, startedAtMs } };
}

function authorship(by: string | undefined): Pick<Revision, "by"> {
  return by === undefined ? {} : { by };
}

function makeRevision(
  serviceId: ServiceId,
  number: number,
  createdAtMs: number,
  { frame, template }: AcceptedSpec,
): Revision {
  const ports = frame.EndpointSpec?.Ports ?? [];
  const hostPorts = ports.filter(isOnHost);
  const mesh = ports.length > hostPorts.length ? "published" : undefined;
  return {
    serviceId,
    number,
    createdAtMs,
    template,
    ...(hostPorts.length === 0 ? {} : { hostPorts }),
    ...(mesh === undefined ? {} : { mesh }),
    hash: revisionHash(template, hostPorts, mesh),
  };
}

function isOnHost(port: EndpointPortConfig): boolean {
  return port.PublishMode === "host";
}

function modeOf(frame: ServiceFrame): string {
  const mode = frame.Mode ?? {};
  return Object.keys(mode).find((name) => mode[name as keyof typeof mode] !== undefined) ?? "";
}
