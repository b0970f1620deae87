/** `/nodes`: the hosts of the cluster. */
import type { FastifyInstance } from "fastify";

import { NodeDrainRequest, WrittenNodeSpec } from "../../../shared/docker-api/node-spec.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { parseFilters } from "../core/filters.js";
import { findNode } from "../core/find-object.js";
import {
  checkNodeSpec,
  isDemotion,
  planDrain,
  planNodeRemoval,
  planNodeUpdate,
} from "../core/plan-node.js";
import { NODE_FILTERS, selectNodes } from "../core/select-objects.js";
import { showNode } from "../core/show-node.js";
import {
  pathId,
  queryFlag,
  queryText,
  queryVersion,
  readJson,
  repeatable,
} from "../request-input.js";

/** The answer to a request that was carried out before, where it says no more than that. */
const done = (): void => undefined;

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
    const manager = context.host.manager();
    const spec = checkNodeSpec(readJson(request, WrittenNodeSpec));
    const expectedVersion = queryVersion(request, "node");
    await manager.store.update(
      (tx) => {
        const node = findNode(tx.view, pathId(request));
        const change = planNodeUpdate(tx.view, node, spec, expectedVersion);
        if (isDemotion(node, spec)) manager.checkDemotion(node);
        tx.apply(change);
      },
      repeatable(request, "update-node", done),
    );
    return await reply.code(200).send();
  });

  app.post("/skep/v1/nodes/:id/drain", async (request, reply) => {
    const { store } = context.host.manager();
    const drain = readJson(request, NodeDrainRequest);
    await store.update((tx) => {
      tx.apply(planDrain(findNode(tx.view, pathId(request)), drain, tx.atMs));
    });
    return await reply.code(200).send();
  });

  app.delete("/nodes/:id", async (request, reply) => {
    const { store } = context.host.manager();
    const mode = queryFlag(request, "force") ? "forced" : "only-if-down";
    const { id } = await readCommitted(context, (view) => findNode(view, pathId(request)));
    let complete = false;
    for (let part = 0; !complete; part++) {
      complete = await store.update(
        (tx) => {
          const node = findNode(tx.view, id);
          const removal = planNodeRemoval(tx.view, node, { mode, atMs: tx.atMs });
          removal.changes.forEach((change) => tx.apply(change));
          return removal.complete;
        },
        // Carried out before: the next part tells whether it was the last one.
        repeatable(request, `remove-node.${part}`, () => store.committed.node(id) === undefined),
      );
    }
    return await reply.code(200).send();
  });
}
