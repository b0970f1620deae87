/**
 * `/skep/v1/services/…`: what a service was, and back to any of it. Docker knows one step back only.
 */
import type { FastifyInstance } from "fastify";

import { type ApiContext, readCommitted } from "../api-context.js";
import { findService } from "../core/find-object.js";
import { MalformedRequestError } from "../core/malformed-request.js";
import { planRollbackTo } from "../core/plan-service.js";
import { showHistory } from "../core/show-history.js";
import { authorOf, pathId, queryText, queryVersion, repeatable } from "../request-input.js";

export function serveServiceHistory(app: FastifyInstance, context: ApiContext): void {
  app.get(
    "/skep/v1/services/:id/history",
    async (request) =>
      await readCommitted(context, (view) => showHistory(view, findService(view, pathId(request)))),
  );

  app.post("/skep/v1/services/:id/rollback", async (request, reply) => {
    const { store } = context.host.manager();
    const to = queryText(request, "to") ?? "";
    if (!/^[1-9][0-9]{0,8}$/.test(to)) {
      throw new MalformedRequestError(`invalid revision '${to}': a whole number from 1 is wanted`);
    }
    const expectedVersion = queryVersion(request, "service");
    const by = authorOf(request);
    await store.update(
      (tx) => {
        const planned = { expectedVersion, atMs: tx.atMs, by };
        const service = findService(tx.view, pathId(request));
        tx.apply(planRollbackTo(tx.view, service, Number(to), planned));
      },
      repeatable(request, "rollback-service", () => undefined),
    );
    return await reply.send({ Warnings: null });
  });
}
