/** `/swarm`: make, join, leave and set up the cluster. */
import type { FastifyInstance, FastifyRequest } from "fastify";

import { mergeSwarmSpec } from "../../../shared/docker-api/defaults.js";
import {
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
} from "../../../shared/docker-api/swarm-spec.js";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  UnavailableError,
  UnimplementedError,
} from "../../../shared/errors/cluster-error.js";
import type { Cluster, JoinTokens } from "../../../shared/model/cluster.js";
import type { Random } from "../../../shared/ports/random.js";
import { newJoinTokens } from "../../ca/issuer.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { checkInit, checkJoin, checkRotation, checkSwarmSpec } from "../core/check-swarm.js";
import { MalformedRequestError, SwarmNotLockedError } from "../core/malformed-request.js";
import { showSwarm } from "../core/show-cluster.js";
import { queryBoolean, queryFlag, queryVersion, readJson, repeatable } from "../request-input.js";
import { trustInfo } from "../trust.js";

export function serveSwarm(app: FastifyInstance, context: ApiContext): void {
  const { host } = context;

  app.get(
    "/swarm",
    async () =>
      await readCommitted(context, (view) => {
        const cluster = present(view.cluster());
        return showSwarm(cluster, trustInfo(cluster.authority.certificatePem));
      }),
  );

  app.post("/swarm/init", async (request, reply) => {
    const wish = readJson(request, SwarmInitRequest);
    checkInit(wish);
    const nodeId = await membership(() => host.swarm.init(wish));
    return await reply.type("application/json").send(JSON.stringify(nodeId));
  });

  app.post("/swarm/join", async (request, reply) => {
    const wish = readJson(request, SwarmJoinRequest);
    checkJoin(wish);
    await membership(() => host.swarm.join(wish));
    return await reply.code(200).send();
  });

  app.post("/swarm/leave", async (request, reply) => {
    if (host.swarm.status().state === "inactive") throw noSwarm();
    await membership(() => host.swarm.leave({ forced: queryFlag(request, "force") }));
    return await reply.code(200).send();
  });

  app.post("/swarm/update", async (request, reply) => {
    await updateSwarm(request, context);
    return await reply.code(200).send();
  });

  // Managers are never locked as yet, and a swarm that is not has an empty key.
  app.get(
    "/swarm/unlockkey",
    async () =>
      await readCommitted(context, (view) => {
        present(view.cluster());
        return { UnlockKey: "" };
      }),
  );

  app.post("/swarm/unlock", (request) => {
    readJson(request, SwarmUnlockRequest);
    if (host.swarm.status().state === "inactive") throw noSwarm();
    throw new SwarmNotLockedError("swarm is not locked");
  });
}

async function updateSwarm(request: FastifyRequest, context: ApiContext): Promise<void> {
  const { store } = context.host.manager();
  const sent = readJson(request, SwarmSpec);
  const expectedVersion = queryVersion(request, "swarm");
  const rotated = {
    worker: queryBoolean(request, "rotateWorkerToken"),
    manager: queryBoolean(request, "rotateManagerToken"),
  };
  if (queryBoolean(request, "rotateManagerUnlockKey")) {
    throw new UnimplementedError("locking managers (autolock) is not available yet");
  }
  checkSwarmSpec({ ...sent, Name: sent.Name === "" ? undefined : sent.Name } as SwarmSpec);
  await store.update(
    (tx) => {
      const cluster = present(tx.view.cluster());
      checkRotation(cluster.spec, sent);
      tx.apply({
        kind: "update-cluster",
        expectedVersion,
        spec: mergeSwarmSpec(cluster.spec, sent),
        joinTokens: rotateTokens(cluster, rotated, context.random),
      });
    },
    repeatable(request, "update-swarm", () => undefined),
  );
}

function rotateTokens(
  { authority, joinTokens }: Cluster,
  rotated: { readonly [role in keyof JoinTokens]: boolean },
  random: Random,
): JoinTokens {
  const fresh = newJoinTokens(authority, random);
  return {
    worker: rotated.worker ? fresh.worker : joinTokens.worker,
    manager: rotated.manager ? fresh.manager : joinTokens.manager,
  };
}

function present(cluster: Cluster | undefined): Cluster {
  if (cluster === undefined) throw noSwarm();
  return cluster;
}

function noSwarm(): UnavailableError {
  return new UnavailableError("This node is not part of a swarm");
}

/**
 * What the host itself refuses is said in plain words, not as a manager's refusal; where its
 * membership does not allow what is asked, Docker answers "unavailable".
 */
async function membership<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) {
      throw new MalformedRequestError(cause.message, { cause });
    }
    if (!(cause instanceof FailedPreconditionError)) throw cause;
    throw new UnavailableError(cause.message, { cause });
  }
}
