/**
 * `GET /networks/X?scope=swarm`, by which the docker CLI looks up what a service is attached to.
 * Networks of our own do not exist yet; the predefined ones are on every host, under their names.
 */
import type { FastifyInstance } from "fastify";

import { NotFoundError } from "../../../shared/errors/cluster-error.js";
import { PREDEFINED_NETWORKS } from "../../../shared/model/network.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { showPredefinedNetwork } from "../core/show-network.js";
import { pathId } from "../request-input.js";

export function serveNetworks(app: FastifyInstance, context: ApiContext): void {
  app.get(
    "/networks/:id",
    async (request) =>
      await readCommitted(context, () => {
        const name = pathId(request);
        if (!PREDEFINED_NETWORKS.includes(name)) throw new NotFoundError("network", name);
        return showPredefinedNetwork(name);
      }),
  );
}
