/** A plugin or log driver chosen by name, with its options. */
import type { Static } from "@sinclair/typebox";

import { struct, Text, TextMap } from "./schema.js";

export const Driver = struct({ Name: Text, Options: TextMap });
export type Driver = Static<typeof Driver>;
