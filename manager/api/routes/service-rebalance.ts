/** `POST /skep/v1/services/{id}/rebalance`: tasks move to where there are fewer of their service. */
import type { FastifyInstance } from "fastify";

import type { ApiContext } from "../api-context.js";
import { findService } from "../core/find-object.js";
import { planRebalance } from "../core/plan-rebalance.js";
import { pathId, repeatable } from "../request-input.js";

export function serveServiceRebalance(app: FastifyInstance, context: ApiContext): void {
  app.post("/skep/v1/services/:id/rebalance", async (request, reply) => {
    const { store } = context.host.manager();
    await store.update(
      (tx) => {
        tx.apply(planRebalance(findService(tx.view, pathId(request)), tx.atMs));
      },
      repeatable(request, "rebalance-service", () => undefined),
    );
    return await reply.code(200).send();
  });
}
