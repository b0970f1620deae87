/** The trust root of a cluster, as the cluster and each of its nodes show it. */
import type { Static } from "@sinclair/typebox";

import { Base64, struct, Text } from "./schema.js";

export const TLSInfo = struct({
  /** PEM. */
  TrustRoot: Text,
  CertIssuerSubject: Base64,
  CertIssuerPublicKey: Base64,
});
export type TLSInfo = Static<typeof TLSInfo>;
