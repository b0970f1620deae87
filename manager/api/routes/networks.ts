/**
 * `/networks`: those that span hosts are the cluster's, all others the host's own engine's. A list
 * holds both; a name is looked for here first.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { NetworkCreateRequest, NetworkUpdateRequest } from "../../../shared/docker-api/network.js";
import { NotAManagerError, NotFoundError } from "../../../shared/errors/cluster-error.js";
import { type NetworkId, newId } from "../../../shared/model/ids.js";
import {
  ENGINE_NETWORK_LABEL,
  isRemoved,
  networkName,
  PREDEFINED_NETWORKS,
} from "../../../shared/model/network.js";
import { untilDetached } from "../../attachments/until-detached.js";
import { type ApiContext, readCommitted } from "../api-context.js";
import { type Filters, parseFilters, passes, passesLabels } from "../core/filters.js";
import { findNetwork } from "../core/find-object.js";
import { showUse } from "../core/network-use.js";
import { planMoreSubnets, planNetwork, spansHosts } from "../core/plan-network.js";
import { showNetwork, showPredefinedNetwork } from "../core/show-network.js";
import { hostPlaces } from "../host-addresses.js";
import { pathId, queryText, readJson, repeatable } from "../request-input.js";

const FILTERS = ["dangling", "driver", "id", "label", "name", "scope", "type"] as const;

export function serveNetworks(app: FastifyInstance, context: ApiContext): void {
  serveMoreSubnets(app, context);

  app.get("/networks", async (request, reply) => {
    const filters = parseFilters(queryText(request, "filters"), FILTERS);
    const own = await ownNetworks(context, filters);
    const { status, body } = await context.engine.ask("GET", request.url);
    if (status !== 200 || !Array.isArray(body)) return await reply.code(status).send(body);
    return [...(body as readonly EngineNetwork[]).filter(isEnginesOwn), ...own];
  });

  app.post("/networks/create", async (request, reply) => {
    const wish = readJson(request, NetworkCreateRequest);
    if (!spansHosts(wish)) return await relay(context, request, reply);
    const { store } = context.host.manager();
    const id = newId<NetworkId>(context.random);
    const Id = await store.update<string>(
      (tx) => {
        tx.apply(planNetwork(tx.view, id, tx.atMs, wish, hostPlaces(tx.view.nodes())));
        return id;
      },
      repeatable(request, "create-network", (outcome) => outcome.objectId ?? ""),
    );
    return await reply.code(201).send({ Id, Warning: "" });
  });

  app.get("/networks/:id", async (request, reply) => {
    const name = pathId(request);
    const swarmOnly = queryText(request, "scope") === "swarm";
    const isVerbose = ["1", "true"].includes(queryText(request, "verbose") ?? "");
    if (PREDEFINED_NETWORKS.includes(name))
      return swarmOnly
        ? await readCommitted(context, () => showPredefinedNetwork(name))
        : await relay(context, request, reply);
    try {
      return await readCommitted(context, (view) => {
        const network = findNetwork(view, name);
        return { ...showNetwork(view, network), ...(isVerbose && showUse(view, network)) };
      });
    } catch (error) {
      if (swarmOnly || !isElsewhere(error)) throw error;
      return await relay(context, request, reply);
    }
  });

  app.delete("/networks/:id", async (request, reply) => {
    const name = pathId(request);
    try {
      const { store } = context.host.manager();
      await untilDetached(store, name, context.clock);
      await store.update(
        (tx) => {
          tx.apply({ kind: "remove-network", networkId: findNetwork(tx.view, name).id });
        },
        repeatable(request, "remove-network", () => undefined),
      );
    } catch (error) {
      if (!isElsewhere(error)) throw error;
      return await relay(context, request, reply);
    }
    return await reply.code(204).send();
  });
}

interface EngineNetwork {
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** Not what the host's engine has of the cluster's networks: these are listed as what they are. */
function isEnginesOwn({ Labels: labels }: EngineNetwork): boolean {
  return labels?.[ENGINE_NETWORK_LABEL] === undefined;
}

/** Docker has no words for a network that gets another subnet. */
function serveMoreSubnets(app: FastifyInstance, context: ApiContext): void {
  app.post("/skep/v1/networks/:id/update", async (request, reply) => {
    const { AddSubnets: added = [] } = readJson(request, NetworkUpdateRequest);
    await context.host.manager().store.update(
      (tx) => {
        tx.apply(
          planMoreSubnets(
            tx.view,
            findNetwork(tx.view, pathId(request)),
            added,
            hostPlaces(tx.view.nodes()),
          ),
        );
      },
      repeatable(request, "update-network", () => undefined),
    );
    return await reply.code(200).send();
  });
}

/** None on a host that does not manage the cluster. */
async function ownNetworks(context: ApiContext, filters: Filters): Promise<readonly unknown[]> {
  try {
    return await readCommitted(context, (view) =>
      view
        .networks()
        .filter((network) => !isRemoved(network))
        .filter(
          ({ id, spec }) =>
            passes(filters, "id", (prefix) => id.startsWith(prefix)) &&
            passes(filters, "name", (part) => networkName(spec).includes(part)) &&
            passes(filters, "driver", (driver) => driver === "overlay") &&
            passes(filters, "scope", (scope) => scope === "swarm") &&
            passes(filters, "type", (type) => type === "custom") &&
            passes(filters, "dangling", (word) => ["false", "0"].includes(word)) &&
            passesLabels(filters, "label", spec.Labels),
        )
        .map((network) => showNetwork(view, network)),
    );
  } catch (error) {
    if (error instanceof NotAManagerError) return [];
    throw error;
  }
}

/** The cluster has no such network, or this host cannot say: its own engine may. */
function isElsewhere(error: unknown): boolean {
  return error instanceof NotFoundError || error instanceof NotAManagerError;
}

async function relay(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { text } = (request.body ?? { text: "" }) as { readonly text: string };
  const { status, body } = await context.engine.ask(request.method, request.url, text);
  reply.code(status);
  return body === undefined ? await reply.send() : await reply.send(body);
}
