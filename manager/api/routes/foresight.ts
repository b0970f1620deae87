/** `/skep/v1/…`: what would happen to a service, and why. Docker has no words for it. */
import type { FastifyInstance } from "fastify";

import type { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { NO_KNOWLEDGE } from "../../explain/core/knowledge.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { thinkThrough } from "../core/think-through.js";
import { readServiceCreate, readServiceUpdate, type ServiceRequest } from "../service-request.js";

export function serveForesight(app: FastifyInstance, context: ApiContext): void {
  app.post(
    "/skep/v1/services/plan",
    async (request) => await plan(readServiceCreate(request, context), context),
  );

  app.post(
    "/skep/v1/services/:id/plan",
    async (request) => await plan(readServiceUpdate(request, context), context),
  );
}

async function plan(
  { changeOf, warnings }: ServiceRequest,
  context: ApiContext,
): Promise<ServicePlan> {
  const { clock } = context;
  return await readCommitted(context, (_view, { store }) => {
    const time = { nowMs: clock.nowMs(), atMs: clock.wallMs() };
    const thought = thinkThrough({
      imagine: () => store.imagine(),
      time,
      change: (view) => changeOf(view, time.atMs),
      known: NO_KNOWLEDGE,
    });
    return { ...thought, Warnings: [...(warnings ?? [])] };
  });
}
