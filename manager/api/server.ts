/**
 * The public API of a host: Docker's Swarm API on a unix socket, with everything that is not Swarm
 * passed through to the host's own engine. Made by `skepd` on every host, manager or not.
 *
 * A request takes this way: `front-door` (version, whose path it is) → either `pass-through`
 * or fastify (`routes/`) → gate (`core/check-…`, nothing that cannot be meant goes further) →
 * the store → `core/show-…`.
 */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { HttpAnswer, HttpRequest } from "../forward/forward-rpc.js";
import type { ApiContext } from "./api-context.js";
import { Attaching } from "./attaching.js";
import { EngineLink } from "./engine-link.js";
import { answerTo, type ErrorAnswer, sendError } from "./error-reply.js";
import {
  answerForwarded,
  errorCodeHeader,
  forward,
  isForwarded,
  mustForward,
  nameRequest,
} from "./forwarding.js";
import { FrontDoor } from "./front-door.js";
import type { ApiHost } from "./host.js";
import type { ListenAddress } from "./listen.js";
import { PassThrough } from "./pass-through.js";
import { readRawBody } from "./raw-body.js";
import { serveConsensus } from "./routes/consensus.js";
import { serveForesight } from "./routes/foresight.js";
import { serveNetworks } from "./routes/networks.js";
import { serveNodes } from "./routes/nodes.js";
import { serveNotYet } from "./routes/not-yet.js";
import { serveServiceHistory } from "./routes/service-history.js";
import { serveServiceRebalance } from "./routes/service-rebalance.js";
import { serveServices } from "./routes/services.js";
import { serveState } from "./routes/state.js";
import { serveSwarm } from "./routes/swarm.js";
import { serveSystem } from "./routes/system.js";
import { serveTasks } from "./routes/tasks.js";

export interface ApiServerOptions {
  readonly host: ApiHost;
  readonly clock: Clock;
  /** Ids, names and join tokens are drawn from it: not to be guessed. */
  readonly random: Random;
  readonly logger: Logger;
}

export interface ApiServer {
  /**
   * May be called for several addresses.
   * @throws UnavailableError where somebody else answers there.
   */
  listen(address: ListenAddress): Promise<void>;
  /**
   * Answers what another manager passes on.
   * @throws NoLeaderError another leader is to be asked.
   */
  answer(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends attached streams, too. */
  close(): Promise<void>;
}

const JSON_TYPE = "application/json";

/** Longest path parameter: names of networks and images' references come here too. */
const PARAMETER_LENGTH_MAX = 512;

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { host, clock, logger } = options;
  const engine = new EngineLink(() => host.engineSocket, clock);
  const context: ApiContext = { ...options, engine };
  const passThrough = new PassThrough(engine, logger);
  const attaching = new Attaching(context, passThrough);
  const app = createRoutes(context);
  const ready = app.ready();
  const own = app.routing.bind(app);
  const doors: FrontDoor[] = [];

  return {
    listen: async (address) => {
      await ready;
      const door = new FrontDoor({ own, passThrough, attaching, clock, logger });
      await door.listen(address);
      doors.push(door);
    },
    answer: async (request) => {
      await ready;
      return await answerForwarded(app, request);
    },
    close: async () => {
      await Promise.all(doors.map((door) => door.close()));
      await app.close();
    },
  };
}

/** What a body could not be read for. */
class UnreadBody {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** The leader's answer where that is to be asked for, else what `error` says. */
async function forwardedAnswer(
  error: unknown,
  request: FastifyRequest,
  context: ApiContext,
): Promise<HttpAnswer | ErrorAnswer> {
  if (!mustForward(request, error)) return answerTo(error, context.logger);
  try {
    return await forward(request, context, { failure: error });
  } catch (failure) {
    return answerTo(failure, context.logger);
  }
}

function createRoutes(context: ApiContext): FastifyInstance {
  const app = fastify({
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    frameworkErrors: (error, _request, reply) => {
      // Typed for routes with schemas, of which there is none.
      void (reply as FastifyReply).code(400).send({ message: error.message });
    },
  });
  app.removeAllContentTypeParsers();
  // A parser that fails makes fastify close the connection under a client that is still
  // sending, and that would then never read the answer. So the parser hands its error on as the
  // body, and the hook throws it.
  app.addContentTypeParser(
    "*",
    async (_request: unknown, payload: Parameters<typeof readRawBody>[0]) =>
      await readRawBody(payload, context.clock).catch((error: unknown) => new UnreadBody(error)),
  );
  app.addHook("preHandler", (request, _reply, done) => {
    if (request.body instanceof UnreadBody) throw request.body.cause;
    nameRequest(request, context);
    done();
  });
  // Docker's client reads an error's JSON only under exactly this type, without a charset.
  app.addHook("onSend", (_request, reply, payload, done) => {
    const type = reply.getHeader("content-type");
    if (typeof type === "string" && type.startsWith(JSON_TYPE)) {
      reply.header("content-type", JSON_TYPE);
    }
    done(null, payload);
  });
  app.setErrorHandler(async (error, request, reply) => {
    const answer = await forwardedAnswer(error, request, context);
    if ("contentType" in answer) {
      await reply.code(answer.status).type(answer.contentType).send(answer.body);
      return;
    }
    if (isForwarded(request)) reply.headers(errorCodeHeader(error));
    await sendError(reply, answer);
  });
  app.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send({ message: "page not found" });
  });
  serveSystem(app, context);
  serveSwarm(app, context);
  serveNodes(app, context);
  serveServices(app, context);
  serveServiceHistory(app, context);
  serveServiceRebalance(app, context);
  serveForesight(app, context);
  serveState(app, context);
  serveConsensus(app, context);
  serveTasks(app, context);
  serveNetworks(app, context);
  serveNotYet(app, context);
  return app;
}
