/** `/services`: declare, list, inspect, change, remove. */
import type { FastifyInstance, FastifyRequest } from "fastify";

import { completeServiceSpec } from "../../../shared/docker-api/defaults.js";
import {
  type Service as ShownService,
  ServiceSpec,
} from "../../../shared/docker-api/service-spec.js";
import { UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { newId, type ServiceId } from "../../../shared/model/ids.js";
import type { Service } from "../../../shared/model/service.js";
import type { Random } from "../../../shared/ports/random.js";
import type { StoreView } from "../../store/core/view.js";
import type { StoreAccess } from "../../store/store-access.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { checkService } from "../core/check-service.js";
import { parseFilters } from "../core/filters.js";
import { findService } from "../core/find-object.js";
import { MalformedRequestError } from "../core/malformed-request.js";
import { withNetworkIds } from "../core/plan-network.js";
import {
  type AcceptedSpec,
  planCreate,
  planRollback,
  planUpdate,
  splitSpec,
} from "../core/plan-service.js";
import { randomServiceName } from "../core/random-name.js";
import { selectServices, SERVICE_FILTERS } from "../core/select-objects.js";
import { warningsFor } from "../core/service-warnings.js";
import { countTasks, showService } from "../core/show-service.js";
import {
  authorOf,
  pathId,
  queryBoolean,
  queryText,
  queryVersion,
  readJson,
  repeatable,
} from "../request-input.js";

/** The answer to a request that was carried out before, where it says no more than that. */
const done = (): void => undefined;

export function serveServices(app: FastifyInstance, context: ApiContext): void {
  app.get("/services", async (request) => {
    const filters = parseFilters(queryText(request, "filters"), SERVICE_FILTERS);
    const counted = queryBoolean(request, "status");
    return await readCommitted(context, (view) =>
      selectServices(view, filters).map((service) =>
        counted ? withStatus(view, service) : showService(view, service),
      ),
    );
  });

  app.post("/services/create", async (request, reply) => {
    const { store } = context.host.manager();
    const spec = acceptSpec(readJson(request, ServiceSpec), context);
    const ID = await createService(store, spec, request, context.random);
    return await reply.code(201).send({ ID, Warnings: warnings(request, spec) });
  });

  app.get("/services/:id", async (request) => {
    // Defaults are filled when a spec is accepted: with `insertDefaults` or
    // without, all of them are there.
    queryBoolean(request, "insertDefaults");
    return await readCommitted(context, (view) =>
      showService(view, findService(view, pathId(request))),
    );
  });

  app.post("/services/:id/update", async (request) => await updateService(request, context));

  app.delete("/services/:id", async (request, reply) => {
    const { store } = context.host.manager();
    await store.update(
      (tx) => {
        const { id } = findService(tx.view, pathId(request));
        tx.apply({ kind: "remove-service", serviceId: id });
      },
      repeatable(request, "remove-service", done),
    );
    return await reply.code(200).send();
  });

  app.get("/services/:id/logs", async (request) => {
    await readCommitted(context, (view) => findService(view, pathId(request)));
    throw new UnimplementedError("logs of services are not available yet");
  });
}

function withStatus(view: StoreView, service: Service): ShownService {
  return { ...showService(view, service), ServiceStatus: countTasks(view, service) };
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

async function createService(
  store: StoreAccess,
  spec: AcceptedSpec,
  request: FastifyRequest,
  random: Random,
): Promise<string> {
  const id = newId<ServiceId>(random);
  const by = authorOf(request);
  return await store.update<string>(
    (tx) => {
      tx.apply(planCreate(tx.view, id, onNetworks(tx.view, spec), { atMs: tx.atMs, by }));
      return id;
    },
    repeatable(request, "create-service", (outcome) => outcome.objectId ?? ""),
  );
}

async function updateService(
  request: FastifyRequest,
  context: ApiContext,
): Promise<{ Warnings: readonly string[] | null }> {
  const { store } = context.host.manager();
  const expectedVersion = queryVersion(request, "service");
  const rollback = rollbackOf(request);
  const sent = readJson(request, ServiceSpec);
  checkAuthSource(request);
  const id = pathId(request);
  const by = authorOf(request);
  if (rollback) {
    await store.update(
      (tx) => {
        const planned = { expectedVersion, atMs: tx.atMs, by };
        tx.apply(planRollback(tx.view, findService(tx.view, id), planned));
      },
      repeatable(request, "update-service", done),
    );
    return { Warnings: null };
  }
  const spec = acceptSpec(sent, context);
  await store.update(
    (tx) => {
      const service = findService(tx.view, id);
      const placed = onNetworks(tx.view, spec);
      tx.apply(planUpdate(tx.view, service, placed, { expectedVersion, atMs: tx.atMs, by }));
    },
    repeatable(request, "update-service", done),
  );
  return { Warnings: warnings(request, spec) };
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
function warnings(request: FastifyRequest, spec: AcceptedSpec): readonly string[] | null {
  const credentials = request.headers["x-registry-auth"] ?? "";
  const all = [
    ...warningsFor(spec.frame),
    ...(NO_CREDENTIALS.includes(String(credentials))
      ? []
      : ["registry credentials are not handed to the nodes yet: each pulls with its engine's own"]),
  ];
  return all.length === 0 ? null : all;
}
