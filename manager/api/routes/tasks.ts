/** `/tasks`: what became of the services. */
import type { FastifyInstance } from "fastify";

import { UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { parseFilters } from "../core/filters.js";
import { findTask } from "../core/find-object.js";
import { selectTasks, TASK_FILTERS } from "../core/select-objects.js";
import { showTask } from "../core/show-task.js";
import { pathId, queryText } from "../request-input.js";

export function serveTasks(app: FastifyInstance, context: ApiContext): void {
  app.get("/tasks", async (request) => {
    const filters = parseFilters(queryText(request, "filters"), TASK_FILTERS);
    return await readCommitted(context, (view) =>
      selectTasks(view, filters).map((task) => showTask(view, task)),
    );
  });

  app.get(
    "/tasks/:id",
    async (request) =>
      await readCommitted(context, (view) => showTask(view, findTask(view, pathId(request)))),
  );

  app.get("/tasks/:id/logs", async (request) => {
    await readCommitted(context, (view) => findTask(view, pathId(request)));
    throw new UnimplementedError("logs of tasks are not available yet");
  });
}
