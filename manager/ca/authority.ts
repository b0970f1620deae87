/**
 * The cluster's certificate authority: makes its root, and certificates for nodes under that root.
 * All keys are ECDSA P-256. A certificate says which node of which cluster in which role it is;
 * that is all that anyone goes by.
 */
import "reflect-metadata"; // @peculiar/x509 does not load without it

import { createHash, webcrypto, X509Certificate } from "node:crypto";

import * as x509 from "@peculiar/x509";

import { InvalidArgumentError } from "../../shared/errors/cluster-error.js";
import type { Authority } from "../../shared/model/cluster.js";
import type { ClusterId } from "../../shared/model/ids.js";
import type { CertifiedNode } from "../../shared/rpc/tls-identity.js";
import { digestText } from "./core/join-token.js";

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING_ALGORITHM = { ...KEY_ALGORITHM, hash: "SHA-256" } as const;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Hosts' clocks differ: a certificate is valid from a little before it was made. */
const BACKDATED_MS = HOUR_MS;
const ROOT_LIFE_MS = 3_650 * DAY_MS;
/** Docker's own default. */
export const NODE_CERTIFICATE_LIFE_MS = 90 * DAY_MS;
/** Less leaves no time to renew it in. */
export const SHORTEST_CERTIFICATE_LIFE_MS = HOUR_MS;

/**
 * What a certificate request is answered with: the subject is the cluster's to
 * decide, never the requester's.
 */
export type Certified = Pick<CertifiedNode, "nodeId" | "role" | "clusterId">;

export interface KeyAndRequest {
  readonly keyPem: string;
  readonly csrPem: string;
}

/** @param nowWallMs wall clock: certificates are about real dates. */
export async function createAuthority(clusterId: ClusterId, nowWallMs: number): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: [clusterId] }, { CN: ["skep-ca"] }],
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    notBefore: new Date(nowWallMs - BACKDATED_MS),
    notAfter: new Date(nowWallMs + ROOT_LIFE_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

/** A new key, which never leaves the host that made it, and the request to certify it. */
export async function createRequest(): Promise<KeyAndRequest> {
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: ["skep-node"] }], // not read by anyone
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
  });
  return { keyPem: await privateKeyPem(keys.privateKey), csrPem: `${request.toString("pem")}\n` };
}

/**
 * Certifies the request's key as the given node's.
 * @returns the node's certificate, then the root's.
 * @throws InvalidArgumentError the request is malformed, not signed by its key, or
 *   its key is not on P-256.
 */
export async function issueCertificate(
  authority: Authority,
  csrPem: string,
  options: { readonly subject: Certified; readonly nowWallMs: number; readonly lifeMs: number },
): Promise<string> {
  const { subject, nowWallMs, lifeMs } = options;
  const root = new x509.X509Certificate(authority.certificatePem);
  const publicKey = await requestedKey(csrPem);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ O: [subject.clusterId] }, { OU: [subject.role] }, { CN: [subject.nodeId] }],
    issuer: root.subjectName,
    publicKey,
    signingKey: await importPrivateKey(authority.keyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    notBefore: new Date(nowWallMs - BACKDATED_MS),
    notAfter: new Date(Math.min(nowWallMs + lifeMs, root.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.clientAuth,
        x509.ExtendedKeyUsage.serverAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: subject.nodeId }]),
      await x509.AuthorityKeyIdentifierExtension.create(root.publicKey),
    ],
  });
  return pemOf(certificate) + authority.certificatePem;
}

/**
 * SHA-256 over the root's DER, as it stands in join tokens.
 * @throws InvalidArgumentError it is no certificate.
 */
export function rootDigest(certificatePem: string): string {
  try {
    const { raw } = new X509Certificate(certificatePem);
    return digestText(createHash("sha256").update(raw).digest());
  } catch (cause) {
    throw new InvalidArgumentError("this is no root certificate", { cause });
  }
}

async function requestedKey(csrPem: string): Promise<x509.PublicKey> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
  } catch (cause) {
    throw new InvalidArgumentError("the certificate request cannot be read", { cause });
  }
  const algorithm = request.publicKey.algorithm as unknown as Partial<webcrypto.EcKeyAlgorithm>;
  if (algorithm.name !== KEY_ALGORITHM.name || algorithm.namedCurve !== KEY_ALGORITHM.namedCurve) {
    throw new InvalidArgumentError(
      `the certificate request must be for an ECDSA key on P-256, not ${algorithm.name ?? "?"} ${algorithm.namedCurve ?? ""}`.trim(),
    );
  }
  if (!(await request.verify().catch(() => false))) {
    throw new InvalidArgumentError(
      "the certificate request is not signed by the key that it is for",
    );
  }
  return request.publicKey;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return await webcrypto.subtle.importKey("pkcs8", der, KEY_ALGORITHM, false, ["sign"]);
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
