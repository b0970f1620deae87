/**
 * `/_ping`, `/version`, `/info`: what a client asks before anything else.
 * They answer on every host.
 */
import type { FastifyInstance, FastifyReply } from "fastify";

import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import { nodeRole } from "../../../shared/model/node.js";
import type { ApiContext } from "../api-context.js";
import { showCluster } from "../core/show-cluster.js";
import { describeSwarm, type SwarmState } from "../core/show-swarm-info.js";
import { showVersion } from "../core/show-version.js";
import { HASTE_MS } from "../engine-link.js";
import { hostInfo, OWN_VERSION } from "../host-facts.js";
import { trustInfo } from "../trust.js";

export function serveSystem(app: FastifyInstance, context: ApiContext): void {
  app.route({
    method: ["GET", "HEAD"],
    url: "/_ping",
    handler: async (request, reply) => {
      await setPingHeaders(reply, context);
      return await reply.send(request.method === "HEAD" ? "" : "OK");
    },
  });

  app.get("/version", async () =>
    showVersion(OWN_VERSION, await context.engine.describe("/version")),
  );

  app.get("/info", async () => {
    const info = (await context.engine.describe("/info")) ?? hostInfo(context.host.hostname);
    const swarm = describeSwarm(swarmState(context));
    const warnings = [...listOf(info["Warnings"]), ...(swarm.Warnings ?? [])];
    return {
      ...info,
      ...(context.host.generics && { GenericResources: context.host.generics }),
      Swarm: swarm,
      Warnings: warnings.length === 0 ? null : warnings,
    };
  });
}

async function setPingHeaders(reply: FastifyReply, { host, engine }: ApiContext): Promise<void> {
  const { state, role } = host.swarm.status();
  reply
    .type("text/plain; charset=utf-8")
    .header("cache-control", "no-cache, no-store, must-revalidate")
    .header("pragma", "no-cache")
    .header("swarm", state === "active" ? `${state}/${role}` : state);
  try {
    const { builderVersion } = await engine.facts(HASTE_MS);
    if (builderVersion !== undefined) reply.header("builder-version", builderVersion);
  } catch (cause) {
    // Without an engine nothing can be built: the header says how, and nobody misses it.
    if (!(cause instanceof UnavailableError)) throw cause;
  }
}

/**
 * What is shown of the cluster here is this manager's own knowledge: `/info` must
 * answer without a quorum, too.
 */
function swarmState({ host }: ApiContext): SwarmState {
  const status = host.swarm.status();
  if (status.state !== "active" || status.role !== "manager") return { status };
  const manager = host.manager();
  const view = manager.store.committed;
  const cluster = view.cluster();
  const nodes = view.nodes();
  return {
    status,
    nodes: nodes.length,
    managers: nodes.filter((node) => nodeRole(node) === "manager").length,
    ...(cluster === undefined
      ? {}
      : { cluster: showCluster(cluster, trustInfo(cluster.authority.certificatePem)) }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
