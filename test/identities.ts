/**
 * Real certificates for tests: a cluster with an authority of its own, and
 * nodes certified under it.
 */
import {
  createAuthority,
  createRequest,
  issueCertificate,
  NODE_CERTIFICATE_LIFE_MS,
} from "../manager/ca/authority.js";
import type { Authority } from "../shared/model/cluster.js";
import { type ClusterId, newId, type NodeId } from "../shared/model/ids.js";
import type { NodeRole } from "../shared/model/node.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { fixedIdentity, type IdentitySource } from "../shared/rpc/tls-identity.js";

export interface TestCluster {
  readonly clusterId: ClusterId;
  readonly authority: Authority;
  /** @param times wall clock (ms); valid now unless told. */
  certify(
    role: NodeRole,
    times?: { readonly issuedAtMs?: number; readonly lifeMs?: number; readonly nodeId?: NodeId },
  ): Promise<{ readonly nodeId: NodeId; readonly identity: IdentitySource }>;
}

export async function testCluster(): Promise<TestCluster> {
  const clusterId = newId<ClusterId>(systemRandom());
  const authority = await createAuthority(clusterId, systemClock.wallMs());
  return {
    clusterId,
    authority,
    async certify(role, options = {}) {
      const nodeId = options.nodeId ?? newId<NodeId>(systemRandom());
      const { keyPem, csrPem } = await createRequest();
      const certificatePem = await issueCertificate(authority, csrPem, {
        subject: { nodeId, role, clusterId },
        nowWallMs: options.issuedAtMs ?? systemClock.wallMs(),
        lifeMs: options.lifeMs ?? NODE_CERTIFICATE_LIFE_MS,
      });
      const rootPem = authority.certificatePem;
      return { nodeId, identity: fixedIdentity({ keyPem, certificatePem, rootPem }) };
    },
  };
}
