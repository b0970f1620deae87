/**
 * The certificate authority as hosts meet it: hands out the root, turns join tokens into nodes with
 * certificates, and renews certificates. Its calls are open to anyone, because a host that joins
 * has nothing to show but its token; so every refusal happens here, and says which case it is.
 */
import { timingSafeEqual } from "node:crypto";

import {
  FailedPreconditionError,
  NotFoundError,
  PermissionDeniedError,
  UnauthenticatedError,
} from "../../shared/errors/cluster-error.js";
import type { Authority, Cluster, JoinTokens } from "../../shared/model/cluster.js";
import { newId, type NodeId } from "../../shared/model/ids.js";
import { type Node, NODE_ROLES, type NodeRole, presentRole } from "../../shared/model/node.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import {
  GET_ROOT,
  type GetRootResponse,
  ISSUE,
  type IssueRequest,
  type IssueResponse,
} from "../../shared/rpc/ca-rpc.js";
import type { Caller } from "../../shared/rpc/caller.js";
import type { RpcServer } from "../../shared/rpc/rpc-server.js";
import type { CertifiedNode } from "../../shared/rpc/tls-identity.js";
import type { StoreReader, StoreWriter } from "../store/store-access.js";
import {
  type Certified,
  issueCertificate,
  NODE_CERTIFICATE_LIFE_MS,
  rootDigest,
  SHORTEST_CERTIFICATE_LIFE_MS,
} from "./authority.js";
import { formatJoinToken, newJoinSecret, parseJoinToken } from "./core/join-token.js";

const NANOSECONDS_PER_MS = 1_000_000;

export interface IssuerOptions {
  readonly store: StoreReader & StoreWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export class Issuer {
  readonly #store: StoreReader & StoreWriter;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;

  constructor(options: IssuerOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
  }

  serveOn(server: Pick<RpcServer, "unary">): void {
    server.unary(GET_ROOT, () => this.#root());
    server.unary(ISSUE, (request, caller) => this.#issue(request, caller));
  }

  /**
   * The same node, in the role that it has by now.
   * @throws NotFoundError it was removed.
   */
  async renew(request: IssueRequest, { nodeId }: CertifiedNode): Promise<IssueResponse> {
    const cluster = this.#cluster();
    const node = this.#store.committed.node(nodeId);
    if (node === undefined) throw new NotFoundError("node", nodeId);
    const subject = { nodeId, role: presentRole(node), clusterId: cluster.id };
    const certificatePem = await this.#certify(cluster, request.csrPem, subject);
    return { nodeId, role: subject.role, certificatePem };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is the call's answer
  async #root(): Promise<GetRootResponse> {
    return { certificatePem: this.#cluster().authority.certificatePem };
  }

  #issue(request: IssueRequest, caller: Caller): Promise<IssueResponse> {
    if (request.token !== undefined) return this.#join(request, request.token, caller.address);
    if (caller.node !== undefined) return this.renew(request, caller.node);
    throw new UnauthenticatedError(
      "a certificate is issued for a join token, or renewed for a node that shows its present one",
    );
  }

  async #join(request: IssueRequest, token: string, address: string): Promise<IssueResponse> {
    const cluster = this.#cluster();
    const role = roleOfToken(cluster, token);
    const nodeId = newId<NodeId>(this.#random);
    const subject = { nodeId, role, clusterId: cluster.id };
    const certificatePem = await this.#certify(cluster, request.csrPem, subject);
    await this.#store.update((tx) => {
      // Again, on what will be committed: the token may have been rotated while
      // the certificate was made.
      roleOfToken(presentCluster(tx.view.cluster()), token);
      const spec = {
        Name: "",
        Labels: {},
        Role: role,
        Availability: request.availability ?? "active",
      };
      const status = { state: "unknown", message: "", address } as const;
      const [createdAtMs, updatedAtMs] = [tx.atMs, tx.atMs];
      const node: Node = { id: nodeId, version: 0, createdAtMs, updatedAtMs, spec, status };
      tx.apply({ kind: "create-node", node });
    });
    this.#logger.info({ nodeId, role, address }, "a node joined");
    return { nodeId, role, certificatePem };
  }

  #certify(cluster: Cluster, csrPem: string, subject: Certified): Promise<string> {
    const nowWallMs = this.#clock.wallMs();
    const lifeMs = certificateLifeMs(cluster);
    return issueCertificate(cluster.authority, csrPem, { subject, nowWallMs, lifeMs });
  }

  #cluster(): Cluster {
    return presentCluster(this.#store.committed.cluster());
  }
}

/**
 * Put into the cluster, from that commit on nobody joins with the old ones; who
 * has joined with them stays.
 */
export function newJoinTokens(
  authority: Pick<Authority, "certificatePem">,
  random: Random,
): JoinTokens {
  const digest = rootDigest(authority.certificatePem);
  const token = (): string => formatJoinToken({ digest, secret: newJoinSecret(random) });
  return { worker: token(), manager: token() };
}

/** @throws InvalidArgumentError malformed; PermissionDeniedError another cluster's, or rotated. */
function roleOfToken(cluster: Cluster, text: string): NodeRole {
  const token = parseJoinToken(text);
  if (token.digest !== rootDigest(cluster.authority.certificatePem)) {
    throw new PermissionDeniedError(
      "the join token is of another cluster: its digest is not that of this cluster's root certificate",
    );
  }
  const role = NODE_ROLES.find((candidate) =>
    equalSecrets(token.secret, parseJoinToken(cluster.joinTokens[candidate]).secret),
  );
  if (role !== undefined) return role;
  throw new PermissionDeniedError(
    "the join token is of this cluster, but not a present one: it was rotated, or not copied right; `skep swarm join-token worker` on a manager shows the present one",
  );
}

/** In a time that does not tell how much of a guess was right. */
function equalSecrets(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function certificateLifeMs(cluster: Cluster): number {
  const expiry = cluster.spec.CAConfig?.NodeCertExpiry;
  if (expiry === undefined || expiry === 0) return NODE_CERTIFICATE_LIFE_MS;
  return Math.max(SHORTEST_CERTIFICATE_LIFE_MS, expiry / NANOSECONDS_PER_MS);
}

function presentCluster(cluster: Cluster | undefined): Cluster {
  if (cluster === undefined) throw new FailedPreconditionError("there is no cluster here yet");
  return cluster;
}
