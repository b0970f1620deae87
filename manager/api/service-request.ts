/**
 * A request that declares or changes a service, read and checked: whether it is then carried out, or
 * only thought through, it is the same change with the same errors.
 */
import type { FastifyRequest } from "fastify";

import { completeServiceSpec } from "../../shared/docker-api/defaults.js";
import { ServiceSpec } from "../../shared/docker-api/service-spec.js";
import { newId, type ServiceId } from "../../shared/model/ids.js";
import type { Change } from "../store/core/change.js";
import type { StoreView } from "../store/core/view.js";
import type { ApiContext } from "./api-context.js";
import { checkService } from "./core/check-service.js";
import { findService } from "./core/find-object.js";
import { MalformedRequestError } from "./core/malformed-request.js";
import { withNetworkIds } from "./core/plan-network.js";
import {
  type AcceptedSpec,
  planCreate,
  planRollback,
  planUpdate,
  splitSpec,
} from "./core/plan-service.js";
import { randomServiceName } from "./core/random-name.js";
import { authorOf, pathId, queryText, queryVersion, readJson } from "./request-input.js";

export interface ServiceRequest {
  /** @throws ClusterError what is asked does not fit what is there. */
  readonly changeOf: (view: StoreView, atMs: number) => Change;
  readonly warnings: readonly string[] | null;
}

/** @throws MalformedRequestError, InvalidArgumentError */
export function readServiceCreate(
  request: FastifyRequest,
  context: ApiContext,
): ServiceRequest & { readonly id: ServiceId } {
  const spec = acceptSpec(readJson(request, ServiceSpec), context);
  const id = newId<ServiceId>(context.random);
  const by = authorOf(request);
  return {
    id,
    changeOf: (view, atMs) => planCreate(view, id, onNetworks(view, spec), { atMs, by }),
    warnings: warnings(request),
  };
}

/** @throws MalformedRequestError, InvalidArgumentError */
export function readServiceUpdate(request: FastifyRequest, context: ApiContext): ServiceRequest {
  const expectedVersion = queryVersion(request, "service");
  const rollback = rollbackOf(request);
  const sent = readJson(request, ServiceSpec);
  checkAuthSource(request);
  const id = pathId(request);
  const by = authorOf(request);
  if (rollback) {
    return {
      changeOf: (view, atMs) =>
        planRollback(view, findService(view, id), { expectedVersion, atMs, by }),
      warnings: null,
    };
  }
  const spec = acceptSpec(sent, context);
  return {
    changeOf: (view, atMs) => {
      const service = findService(view, id);
      return planUpdate(view, service, onNetworks(view, spec), { expectedVersion, atMs, by });
    },
    warnings: warnings(request),
  };
}

function acceptSpec(sent: ServiceSpec, context: ApiContext): AcceptedSpec {
  const spec = completeServiceSpec({
    ...withNetworksInTemplate(sent),
    Name: sent.Name || randomServiceName(context.random),
  });
  checkService(spec);
  return splitSpec(spec);
}

function onNetworks(view: StoreView, { frame, template }: AcceptedSpec): AcceptedSpec {
  return { frame, template: withNetworkIds(view, template) };
}

/** Clients before API 1.25 name a service's networks beside its template. */
function withNetworksInTemplate(spec: ServiceSpec): ServiceSpec {
  const { Networks: beside = [], TaskTemplate: template = {}, ...rest } = spec;
  if (beside.length === 0 || (template.Networks ?? []).length > 0) return spec;
  return { ...rest, TaskTemplate: { ...template, Networks: beside } };
}

function rollbackOf(request: FastifyRequest): boolean {
  const rollback = queryText(request, "rollback") ?? "";
  if (rollback === "" || rollback === "none") return false;
  if (rollback === "previous") return true;
  throw new MalformedRequestError(`unrecognized rollback option ${rollback}`);
}

function checkAuthSource(request: FastifyRequest): void {
  const source = queryText(request, "registryAuthFrom") ?? "";
  if (!["", "spec", "previous-spec"].includes(source)) {
    throw new MalformedRequestError(`invalid registryAuthFrom '${source}'`);
  }
}

/** Base64 of `{}`: the docker CLI's way of sending no credentials. */
const NO_CREDENTIALS = ["", "e30=", "e30"];

/** Go clients read a list that is not there as `null`. */
function warnings(request: FastifyRequest): readonly string[] | null {
  const credentials = request.headers["x-registry-auth"] ?? "";
  if (NO_CREDENTIALS.includes(String(credentials))) return null;
  return ["registry credentials are not handed to the nodes yet: each pulls with its engine's own"];
}
