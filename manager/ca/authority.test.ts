import "reflect-metadata";

import { webcrypto, X509Certificate } from "node:crypto";

import * as x509 from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";

import type { Authority } from "../../shared/model/cluster.js";
import type { ClusterId, NodeId } from "../../shared/model/ids.js";
import { readNodeCertificate } from "../../shared/rpc/tls-identity.js";
import { createAuthority, createRequest, issueCertificate, rootDigest } from "./authority.js";

const NOW_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const SUBJECT = {
  nodeId: "n".repeat(25) as NodeId,
  role: "worker",
  clusterId: "c".repeat(25) as ClusterId,
} as const;

let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority(SUBJECT.clusterId, NOW_MS);
});

function issue(csrPem: string, lifeMs = 24 * HOUR_MS): Promise<string> {
  return issueCertificate(authority, csrPem, { subject: SUBJECT, nowWallMs: NOW_MS, lifeMs });
}

test("the root is a P-256 authority of its cluster for ten years", () => {
  const root = new X509Certificate(authority.certificatePem);
  expect(root.ca).toBe(true);
  expect(root.subject).toBe(`O=${SUBJECT.clusterId}\nCN=skep-ca`);
  expect(root.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  expect(Date.parse(root.validFrom)).toBe(NOW_MS - HOUR_MS);
  expect(Date.parse(root.validTo)).toBe(NOW_MS + 3_650 * 24 * HOUR_MS);
});

test("a node's certificate says who it is, under the root, from an hour ago", async () => {
  const { csrPem, keyPem } = await createRequest();
  const pem = await issue(csrPem);
  const certificate = new X509Certificate(pem);
  expect(certificate.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
  expect(certificate.checkIssued(new X509Certificate(authority.certificatePem))).toBe(true);
  expect(certificate.subjectAltName).toBe(`DNS:${SUBJECT.nodeId}`);
  expect(certificate.ca).toBe(false);
  expect(readNodeCertificate(pem)).toEqual({
    ...SUBJECT,
    validFromMs: NOW_MS - HOUR_MS,
    validUntilMs: NOW_MS + 24 * HOUR_MS,
  });
  expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(keyPem).toContain("BEGIN PRIVATE KEY");
});

test("no certificate outlives the root", async () => {
  const { csrPem } = await createRequest();
  const { validUntilMs } = readNodeCertificate(await issue(csrPem, 9_999 * 24 * HOUR_MS));
  expect(validUntilMs).toBe(Date.parse(new X509Certificate(authority.certificatePem).validTo));
});

test("what the request calls itself is not read", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=someone-else, OU=manager, O=another-cluster",
    keys,
    signingAlgorithm: { ...algorithm, hash: "SHA-256" },
  });
  const issued = readNodeCertificate(await issue(request.toString("pem")));
  expect(issued).toMatchObject(SUBJECT);
});

describe("a request is refused", () => {
  test.each([
    "",
    "nonsense",
    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
  ])("that cannot be read: %j", async (csrPem) => {
    await expect(issue(csrPem)).rejects.toThrow("the certificate request cannot be read");
  });

  test.each([
    ["on another curve", { name: "ECDSA", namedCurve: "P-384" }, "ECDSA P-384"],
    [
      "with an RSA key",
      {
        name: "RSASSA-PKCS1-v1_5",
        hash: "SHA-256",
        modulusLength: 2_048,
        publicExponent: new Uint8Array([1, 0, 1]),
      },
      "RSASSA-PKCS1-v1_5",
    ],
  ])("%s", async (_case, algorithm, named) => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      keys,
      signingAlgorithm: { hash: "SHA-256", ...algorithm },
    });
    await expect(issue(request.toString("pem"))).rejects.toThrow(
      `must be for an ECDSA key on P-256, not ${named}`,
    );
  });

  test("that its key did not sign", async () => {
    const { csrPem } = await createRequest();
    const tampered = new Uint8Array(new x509.Pkcs10CertificateRequest(csrPem).rawData);
    const last = tampered.length - 1; // within the signature
    tampered[last] = (tampered[last] ?? 0) ^ 1;
    const pem = x509.PemConverter.encode(tampered.buffer, "CERTIFICATE REQUEST");
    await expect(issue(pem)).rejects.toThrow("is not signed by the key that it is for");
  });
});

test("the root's digest depends on the certificate, not on how it is written", () => {
  expect(rootDigest(`\n${authority.certificatePem.trim()}\n\n`)).toBe(
    rootDigest(authority.certificatePem),
  );
  expect(rootDigest(authority.certificatePem)).toHaveLength(50);
  expect(() => rootDigest("nonsense")).toThrow("this is no root certificate");
});
