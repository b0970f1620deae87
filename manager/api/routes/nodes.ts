/** `/nodes`: the hosts of the cluster. */
import type { FastifyInstance } from "fastify";

import { WrittenNodeSpec } from "../../../shared/docker-api/node-spec.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { parseFilters } from "../core/filters.js";
import { findNode } from "../core/find-object.js";
import { checkNodeSpec, planNodeRemoval, planNodeUpdate } from "../core/plan-node.js";
import { NODE_FILTERS, selectNodes } from "../core/select-objects.js";
import { showNode } from "../core/show-node.js";
import { pathId, queryFlag, queryText, queryVersion, readJson } from "../request-input.js";

export function serveNodes(app: FastifyInstance, context: ApiContext): void {
  app.get("/nodes", async (request) => {
    const filters = parseFilters(queryText(request, "filters"), NODE_FILTERS);
    return await readCommitted(context, (view, manager) =>
      selectNodes(view, filters).map((node) => showNode(node, manager.managerStatus(node.id))),
    );
  });

  app.get(
    "/nodes/:id",
    async (request) =>
      await readCommitted(context, (view, manager) => {
        const node = findNode(view, pathId(request));
        return showNode(node, manager.managerStatus(node.id));
      }),
  );

  app.post("/nodes/:id/update", async (request, reply) => {
    const { store } = context.host.manager();
    const spec = checkNodeSpec(readJson(request, WrittenNodeSpec));
    const expectedVersion = queryVersion(request, "node");
    await store.update((tx) => {
      const node = findNode(tx.view, pathId(request));
      tx.apply(planNodeUpdate(tx.view, node, spec, expectedVersion));
    });
    return await reply.code(200).send();
  });

  app.delete("/nodes/:id", async (request, reply) => {
    const { store } = context.host.manager();
    const mode = queryFlag(request, "force") ? "forced" : "only-if-down";
    const { id } = await readCommitted(context, (view) => findNode(view, pathId(request)));
    for (let complete = false; !complete;) {
      complete = await store.update((tx) => {
        const node = findNode(tx.view, id);
        const removal = planNodeRemoval(tx.view, node, { mode, atMs: tx.atMs });
        removal.changes.forEach((change) => tx.apply(change));
        return removal.complete;
      });
    }
    return await reply.code(200).send();
  });
}
