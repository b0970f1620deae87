/** The cluster's root as the API shows it: the certificate, and its subject and key in DER. */
import "reflect-metadata"; // @peculiar/x509 does not load without it

import { X509Certificate } from "@peculiar/x509";

import type { TLSInfo } from "../../shared/docker-api/tls-info.js";

/** The root changes when it is rotated; parsing it for every list of nodes would show. */
let last: { readonly pem: string; readonly info: TLSInfo } | undefined;

export function trustInfo(rootPem: string): TLSInfo {
  if (last?.pem === rootPem) return last.info;
  const root = new X509Certificate(rootPem);
  const info: TLSInfo = {
    TrustRoot: rootPem,
    CertIssuerSubject: Buffer.from(root.subjectName.toArrayBuffer()).toString("base64"),
    CertIssuerPublicKey: Buffer.from(root.publicKey.rawData).toString("base64"),
  };
  last = { pem: rootPem, info };
  return info;
}
