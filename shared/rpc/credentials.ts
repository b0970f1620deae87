/**
 * TLS for gRPC: version 1.3 and nothing below, on both sides, and no way to go without.
 *
 * A server is known by its certificate (this cluster's root, role manager), never by its name:
 * managers are dialled by address, and addresses change hands.
 */
import { createSecureContext, type PeerCertificate, type SecureContextOptions } from "node:tls";

import { type ChannelCredentials, credentials, ServerCredentials } from "@grpc/grpc-js";

import { UnauthenticatedError } from "../errors/cluster-error.js";
import { certifiedPeer } from "./caller.js";
import { clusterOfRoot, type IdentitySource, type TlsIdentity } from "./tls-identity.js";

const TLS_VERSION = "TLSv1.3";

/** Whom a client trusts, and what it shows. */
export type ClientTrust =
  /** A member of the cluster: shows its certificate, trusts managers under its root. */
  | { readonly kind: "member"; readonly identity: IdentitySource }
  /** A host that has the root, but no certificate yet. */
  | { readonly kind: "root"; readonly rootPem: string }
  /**
   * A host that has nothing yet and is about to check what it gets against the
   * digest in its join token.
   */
  | { readonly kind: "unverified" };

export function clientCredentials(trust: ClientTrust): ChannelCredentials {
  switch (trust.kind) {
    case "member":
      return memberCredentials(trust.identity.current);
    case "root":
      return managersUnder(trust.rootPem, {});
    case "unverified":
      return credentials.createFromSecureContext(createSecureContext({ minVersion: TLS_VERSION }), {
        rejectUnauthorized: false,
      });
  }
}

/** Reading keys and certificates costs more than the handshake that they are for. */
const memberCredentialsMade = new WeakMap<TlsIdentity, ChannelCredentials>();

function memberCredentials(identity: TlsIdentity): ChannelCredentials {
  const { rootPem, certificatePem, keyPem } = identity;
  const made =
    memberCredentialsMade.get(identity) ??
    managersUnder(rootPem, { cert: certificatePem, key: keyPem });
  memberCredentialsMade.set(identity, made);
  return made;
}

function managersUnder(rootPem: string, own: SecureContextOptions): ChannelCredentials {
  const clusterId = clusterOfRoot(rootPem);
  const context = createSecureContext({ ...own, ca: rootPem, minVersion: TLS_VERSION });
  return credentials.createFromSecureContext(context, {
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => {
      try {
        const node = certifiedPeer(certificate);
        if (node.clusterId === clusterId && node.role === "manager") return undefined;
        return new UnauthenticatedError(
          `the server is a ${node.role} of cluster ${node.clusterId}, not a manager of ${clusterId}`,
        );
      } catch (error) {
        return error as Error;
      }
    },
  });
}

/**
 * A server's side: shows the present certificate to every new connection and asks for the caller's.
 * A connection without one is let in as nobody, because a host that joins has none; what nobody may
 * call is decided per method.
 */
export class MemberServerCredentials extends ServerCredentials {
  readonly #unsubscribe: () => void;

  constructor(identity: IdentitySource) {
    super(
      { requestCert: true, rejectUnauthorized: false, minVersion: TLS_VERSION },
      secureContextOptions(identity.current),
    );
    this.#unsubscribe = identity.onRenewed(() => {
      this.updateSecureContextOptions(secureContextOptions(identity.current));
    });
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  close(): void {
    this.#unsubscribe();
  }
}

function secureContextOptions(identity: TlsIdentity): SecureContextOptions {
  return {
    ca: identity.rootPem,
    cert: identity.certificatePem,
    key: identity.keyPem,
    minVersion: TLS_VERSION,
  };
}
