/**
 * `GET /skep/v1/state`: how far this manager's state has come, and its hash. Two managers at the
 * same sequence number show the same hash, and so does one before and after a restart.
 */
import type { FastifyInstance } from "fastify";

import { type ApiContext, readCommitted } from "../api-context.js";

export function serveState(app: FastifyInstance, context: ApiContext): void {
  app.get(
    "/skep/v1/state",
    async () =>
      await readCommitted(context, ({ sequence }, { store }) => ({
        sequence,
        stateHash: store.stateHash(),
      })),
  );
}
