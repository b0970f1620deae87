/** `/skep/v1/…`: what would happen to a service, and why. Docker has no words for it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { type Asked, explainService } from "../../explain/core/explain-service.js";
import { explainTask } from "../../explain/core/explain-task.js";
import type { StoreView } from "../../store/core/view.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { findService, findTaskAt } from "../core/find-object.js";
import { showServiceExplanation, showTaskExplanation } from "../core/show-explanation.js";
import { thinkThrough } from "../core/think-through.js";
import { forward, isForwarded } from "../forwarding.js";
import type { ApiManager } from "../host.js";
import { pathId } from "../request-input.js";
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

  app.get("/skep/v1/services/:id/explain", async (request, reply) => {
    return await byLeader(request, reply, context, (view, asked, from) => {
      const service = findService(view, pathId(request));
      return showServiceExplanation(view, explainService(asked, service), from);
    });
  });

  app.get("/skep/v1/tasks/:id/explain", async (request, reply) => {
    return await byLeader(request, reply, context, (view, asked, from) => {
      const task = findTaskAt(view, pathId(request));
      const service = view.service(task.serviceId);
      return showTaskExplanation(view, explainTask(asked, service, task), from);
    });
  });
}

async function plan(
  { changeOf, warnings }: ServiceRequest,
  context: ApiContext,
): Promise<ServicePlan> {
  return await readCommitted(context, (_view, manager) => {
    const asked = askedNow(context, manager);
    const thought = thinkThrough(asked, (view) => changeOf(view, asked.time.atMs));
    return { ...thought, Warnings: [...(warnings ?? [])] };
  });
}

type Explain = (view: StoreView, asked: Asked, from: { readonly FromLeader: boolean }) => unknown;

/** The leader knows since when it has seen what: where there is one, it is asked. */
async function byLeader(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  explain: Explain,
): Promise<unknown> {
  const leads = context.host.manager().raftStatus().role === "leader";
  if (!leads && !isForwarded(request)) {
    const answer = await forward(request, context).catch(() => undefined);
    if (answer !== undefined) {
      return await reply.code(answer.status).type(answer.contentType).send(answer.body);
    }
  }
  return await readCommitted(context, (view, manager) =>
    explain(view, askedNow(context, manager), { FromLeader: leads }),
  );
}

function askedNow({ clock }: ApiContext, { store, knowledge }: ApiManager): Asked {
  return {
    imagine: () => store.imagine(),
    time: { nowMs: clock.nowMs(), atMs: clock.wallMs() },
    known: knowledge,
  };
}
