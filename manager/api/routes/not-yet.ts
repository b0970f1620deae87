/**
 * Objects that do not exist yet: their lists are empty, none of them is found, and making one
 * is refused in clear words. The docker CLI's `inspect` walks all of them and stops at
 * anything but "not found".
 */
import type { FastifyInstance } from "fastify";

import { NotFoundError, UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { parseFilters } from "../core/filters.js";
import { pathId, queryText } from "../request-input.js";

const FILTERS = ["id", "name", "names", "label"] as const;

export function serveNotYet(app: FastifyInstance, context: ApiContext): void {
  for (const kind of ["secret", "config"] as const) {
    app.get(`/${kind}s`, async (request) => {
      parseFilters(queryText(request, "filters"), FILTERS);
      return await readCommitted(context, () => []);
    });

    app.post(`/${kind}s/create`, async () => {
      await readCommitted(context, () => undefined);
      throw new UnimplementedError(`${kind}s are not available yet`);
    });

    const notFound = async (reference: string): Promise<never> =>
      await readCommitted(context, () => {
        throw new NotFoundError(kind, reference);
      });
    app.get(`/${kind}s/:id`, async (request) => await notFound(pathId(request)));
    app.post(`/${kind}s/:id/update`, async (request) => await notFound(pathId(request)));
    app.delete(`/${kind}s/:id`, async (request) => await notFound(pathId(request)));
  }
}
