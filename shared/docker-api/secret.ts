/** Secrets: small data given to the tasks that name them, and shown to nobody else. */
import type { Static } from "@sinclair/typebox";

import { Driver } from "./driver.js";
import { OBJECT_FIELDS } from "./object-version.js";
import { Base64, reply, struct, Text, TextMap } from "./schema.js";

export const SecretSpec = struct({
  Name: Text,
  Labels: TextMap,
  /** Sent when the secret is made and never shown again. */
  Data: Base64,
  Driver,
  Templating: Driver,
});
export type SecretSpec = Static<typeof SecretSpec>;

export const Secret = reply({ ...OBJECT_FIELDS, Spec: SecretSpec }, {});
export type Secret = Static<typeof Secret>;
