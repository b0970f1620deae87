/**
 * `/skep/v1/swarm`: consensus as it is, and the whole state as a file. Docker has no words for these.
 */
import type { Readable } from "node:stream";

import type { FastifyInstance } from "fastify";

import { BACKUP_TYPE, type RaftReport } from "../../../shared/docker-api/consensus.js";
import {
  FailedPreconditionError,
  InvalidArgumentError,
} from "../../../shared/errors/cluster-error.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { MalformedRequestError } from "../core/malformed-request.js";
import { forward, isForwarded } from "../forwarding.js";
import { queryText } from "../request-input.js";

export function serveConsensus(app: FastifyInstance, context: ApiContext): void {
  const { host } = context;

  // The leader knows how far everybody is: where there is one, it is asked.
  app.get("/skep/v1/swarm/raft", async (request, reply) => {
    const manager = host.manager();
    const report = manager.raftStatus();
    if (report.role === "leader" || isForwarded(request) || !isLed(report)) return report;
    const answer = await forward(request, context).catch(() => undefined);
    if (answer === undefined) return report;
    return await reply.code(answer.status).type(answer.contentType).send(answer.body);
  });

  app.get("/skep/v1/swarm/backup", async (_request, reply) => {
    const backup = await readCommitted(context, (_view, manager) => manager.backup());
    return await reply.type(BACKUP_TYPE).send(backup);
  });

  app.addContentTypeParser(BACKUP_TYPE, (_request, payload, done) => {
    done(null, payload);
  });
  app.post("/skep/v1/swarm/restore", async (request, reply) => {
    if (request.headers["content-type"] !== BACKUP_TYPE) {
      throw new MalformedRequestError(`a backup is sent as ${BACKUP_TYPE}`);
    }
    const [ListenAddr, AdvertiseAddr] = [
      queryText(request, "listenAddr"),
      queryText(request, "advertiseAddr"),
    ];
    const nodeId = await host.swarm
      .restore(request.body as Readable, {
        ...(ListenAddr !== undefined && { ListenAddr }),
        ...(AdvertiseAddr !== undefined && { AdvertiseAddr }),
      })
      .catch((error: unknown) => {
        const isOurs =
          error instanceof FailedPreconditionError || error instanceof InvalidArgumentError;
        throw isOurs ? new MalformedRequestError(error.message, { cause: error }) : error;
      });
    return await reply.send({ NodeID: nodeId });
  });
}

function isLed({ members }: RaftReport): boolean {
  return members.some(({ role }) => role === "leader");
}
