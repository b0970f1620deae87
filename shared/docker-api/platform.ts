/**
 * An operating system and a processor architecture, in Go's words (`linux`, `amd64`) or in
 * `uname`'s (`x86_64`).
 */
import type { Static } from "@sinclair/typebox";

import { struct, Text } from "./schema.js";

export const Platform = struct({ Architecture: Text, OS: Text });
export type Platform = Static<typeof Platform>;
