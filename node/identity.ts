/**
 * Who this host is in its cluster: a key, a certificate that names node, role and cluster, and the
 * root. Made by `initIdentity` for a new cluster's first manager or by `joinCluster` with a token,
 * kept under the data folder, and renewed long before it expires.
 */
import {
  createAuthority,
  createRequest,
  issueCertificate,
  NODE_CERTIFICATE_LIFE_MS,
  rootDigest,
} from "../manager/ca/authority.js";
import { parseJoinToken } from "../manager/ca/core/join-token.js";
import { PermissionDeniedError, UnavailableError } from "../shared/errors/cluster-error.js";
import type { Authority } from "../shared/model/cluster.js";
import { type ClusterId, newId, type NodeId } from "../shared/model/ids.js";
import type { Availability } from "../shared/model/node.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import { GET_ROOT, ISSUE, type IssueRequest, type IssueResponse } from "../shared/rpc/ca-rpc.js";
import { RpcClient } from "../shared/rpc/channel.js";
import type { ClientTrust } from "../shared/rpc/credentials.js";
import { RemoteError } from "../shared/rpc/rpc-error.js";
import {
  type CertifiedNode,
  type IdentitySource,
  readNodeCertificate,
  type TlsIdentity,
} from "../shared/rpc/tls-identity.js";
import { readIdentity, writeIdentity } from "./identity-files.js";

/**
 * A renewal happens at a random point between these parts of the certificate's life,
 * so that nodes spread out.
 */
const RENEW_FROM_PERCENT = 50;
const RENEW_UNTIL_PERCENT = 80;
/**
 * Renewal goes by the wall clock, which jumps and sleeps with the host: look at it now and then.
 */
const LOOK_PERIOD_MS = 60_000;

/**
 * How long a manager may take to show its root, which it has at hand: connection included, and the
 * kernel calling a host again that lost the first call.
 */
const FIRST_WORD_TIMEOUT_MS = 3_000;

/** Asks a manager for a renewal over a connection that shows the present certificate. */
export type AskRenewal = (request: IssueRequest) => Promise<IssueResponse>;

export class NodeIdentity implements IdentitySource {
  readonly #dataDir: string;
  readonly #listeners = new Set<() => void>();
  #current: TlsIdentity;
  #node: CertifiedNode;

  /** @throws UnauthenticatedError the certificate is not one of a node. */
  constructor(dataDir: string, current: TlsIdentity) {
    this.#dataDir = dataDir;
    this.#current = current;
    this.#node = readNodeCertificate(current.certificatePem);
  }

  get current(): TlsIdentity {
    return this.#current;
  }

  /** What the present certificate says. */
  get node(): CertifiedNode {
    return this.#node;
  }

  onRenewed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * A new key and certificate, kept and then used; also how a changed role reaches the certificate.
   */
  async renew(ask: AskRenewal): Promise<void> {
    const { keyPem, csrPem } = await createRequest();
    const { certificatePem } = await ask({ csrPem });
    const renewed = { keyPem, certificatePem, rootPem: this.#current.rootPem };
    const node = readNodeCertificate(certificatePem);
    await writeIdentity(this.#dataDir, renewed);
    this.#current = renewed;
    this.#node = node;
    for (const listener of this.#listeners) listener();
  }

  /** Renews in time, for ever; a failure is tried again at the next look. Ends when aborted. */
  async keepFresh(options: {
    readonly ask: AskRenewal;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { ask, clock, random, logger, signal } = options;
    let dueWallMs = renewalTime(this.#node, random);
    while (!signal.aborted) {
      const nowWallMs = clock.wallMs();
      // Not valid yet: made while a clock was ahead. It is of no use until then either.
      if (nowWallMs >= dueWallMs || nowWallMs < this.#node.validFromMs) {
        try {
          await this.renew(ask);
          logger.info({ validUntilMs: this.#node.validUntilMs }, "the certificate was renewed");
          dueWallMs = renewalTime(this.#node, random);
        } catch (error) {
          const leftMs = this.#node.validUntilMs - clock.wallMs();
          logger.warn({ error, leftMs }, "the certificate could not be renewed; trying again");
        }
      }
      // Aborted: the loop's condition ends it.
      await clock.sleep(LOOK_PERIOD_MS, signal).catch(() => undefined);
    }
  }
}

/** Wall clock (ms). */
function renewalTime(node: CertifiedNode, random: Random): number {
  const lifeMs = node.validUntilMs - node.validFromMs;
  const spread = RENEW_UNTIL_PERCENT - RENEW_FROM_PERCENT;
  return (
    node.validFromMs + (lifeMs * (RENEW_FROM_PERCENT + random.below(spread * 100) / 100)) / 100
  );
}

/**
 * Undefined where this host is in no cluster.
 * @throws FailedPreconditionError the files are damaged.
 */
export async function loadIdentity(dataDir: string): Promise<NodeIdentity | undefined> {
  const identity = await readIdentity(dataDir);
  return identity && new NodeIdentity(dataDir, identity);
}

/**
 * A new cluster's root, and the certificate of its first manager. The root's
 * key is the store's to keep.
 */
export async function initIdentity(options: {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<{ readonly identity: NodeIdentity; readonly authority: Authority }> {
  const { clock, random } = options;
  const clusterId = newId<ClusterId>(random);
  const nowWallMs = clock.wallMs();
  const authority = await createAuthority(clusterId, nowWallMs);
  const identity = await certifyFirst({ ...options, authority, clusterId });
  return { identity, authority };
}

/**
 * The manager with which a cluster begins, or begins anew: who has the root's key certifies itself.
 */
export async function certifyFirst(options: {
  readonly dataDir: string;
  readonly authority: Authority;
  readonly clusterId: ClusterId;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<NodeIdentity> {
  const { authority, clock, clusterId, dataDir, random } = options;
  const nodeId = newId<NodeId>(random);
  const nowWallMs = clock.wallMs();
  const { keyPem, csrPem } = await createRequest();
  const certificatePem = await issueCertificate(authority, csrPem, {
    subject: { nodeId, role: "manager", clusterId },
    nowWallMs,
    lifeMs: NODE_CERTIFICATE_LIFE_MS,
  });
  const files = { keyPem, certificatePem, rootPem: authority.certificatePem };
  await writeIdentity(dataDir, files);
  return new NodeIdentity(dataDir, files);
}

export interface JoinOptions {
  /** `host:port` of any manager. */
  readonly address: string;
  readonly token: string;
  readonly dataDir: string;
  readonly availability: Availability;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Trusts nobody until the root that the manager shows has the digest that the token pins.
 * @throws InvalidArgumentError the token is malformed.
 * @throws PermissionDeniedError the manager is of another cluster.
 * @throws RemoteError the manager refused the token.
 * @throws UnavailableError no manager answers at this address.
 */
export async function joinCluster(options: JoinOptions): Promise<NodeIdentity> {
  const { token, dataDir, availability, signal } = options;
  const { digest } = parseJoinToken(token);
  const { certificatePem: rootPem } = await ask(options, { kind: "unverified" }, (client) =>
    client.call(GET_ROOT, {}, { signal, timeoutMs: FIRST_WORD_TIMEOUT_MS }),
  );
  if (rootDigest(rootPem) !== digest) {
    throw new PermissionDeniedError(
      `the manager at ${options.address} is of another cluster than the join token: its root certificate has another digest`,
    );
  }
  const { keyPem, csrPem } = await createRequest();
  const { certificatePem } = await ask(options, { kind: "root", rootPem }, (client) =>
    client.call(ISSUE, { csrPem, token, availability }, { signal }),
  );
  const files = { keyPem, certificatePem, rootPem };
  const identity = new NodeIdentity(dataDir, files);
  await writeIdentity(dataDir, files);
  return identity;
}

async function ask<Response>(
  { address, clock }: JoinOptions,
  trust: ClientTrust,
  call: (client: RpcClient) => Promise<Response>,
): Promise<Response> {
  const client = new RpcClient({ address, trust, clock });
  try {
    return await call(client);
  } catch (cause) {
    if (!(cause instanceof RemoteError) || cause.code !== "unavailable") throw cause;
    throw new UnavailableError(`cannot join through ${cause.message}`, { cause });
  } finally {
    client.close();
  }
}
