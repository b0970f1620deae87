/** `/services`: declare, list, inspect, change, remove. */
import type { FastifyInstance } from "fastify";

import { UnimplementedError } from "../../../shared/errors/cluster-error.js";
import type { Service } from "../../../shared/model/service.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { parseFilters } from "../core/filters.js";
import { findService } from "../core/find-object.js";
import { selectServices, SERVICE_FILTERS } from "../core/select-objects.js";
import { servicesText } from "../core/service-text.js";
import { countTasks, showService } from "../core/show-service.js";
import { pathId, queryBoolean, queryText, repeatable } from "../request-input.js";
import { readServiceCreate, readServiceUpdate } from "../service-request.js";

/** The answer to a request that was carried out before, where it says no more than that. */
const done = (): void => undefined;

export function serveServices(app: FastifyInstance, context: ApiContext): void {
  app.get("/services", async (request, reply) => {
    const filters = parseFilters(queryText(request, "filters"), SERVICE_FILTERS);
    const counted = queryBoolean(request, "status");
    const text = await readCommitted(context, (view) => {
      const statusOf = counted ? (one: Service) => countTasks(view, one) : undefined;
      return servicesText(view, selectServices(view, filters), statusOf);
    });
    return await reply.type("application/json").send(text);
  });

  app.post("/services/create", async (request, reply) => {
    const { store } = context.host.manager();
    const { id, changeOf, warnings } = readServiceCreate(request, context);
    const ID = await store.update<string>(
      (tx) => {
        tx.apply(changeOf(tx.view, tx.atMs));
        return id;
      },
      repeatable(request, "create-service", (outcome) => outcome.objectId ?? ""),
    );
    return await reply.code(201).send({ ID, Warnings: warnings });
  });

  app.get("/services/:id", async (request) => {
    // Defaults are filled when a spec is accepted: with `insertDefaults` or
    // without, all of them are there.
    queryBoolean(request, "insertDefaults");
    return await readCommitted(context, (view) =>
      showService(view, findService(view, pathId(request))),
    );
  });

  app.post("/services/:id/update", async (request) => {
    const { store } = context.host.manager();
    const { changeOf, warnings } = readServiceUpdate(request, context);
    await store.update(
      (tx) => {
        tx.apply(changeOf(tx.view, tx.atMs));
      },
      repeatable(request, "update-service", done),
    );
    return { Warnings: warnings };
  });

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
