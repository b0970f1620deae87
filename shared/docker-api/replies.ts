/** The two small answers that many requests share. */
import type { Static } from "@sinclair/typebox";

import { reply, Text } from "./schema.js";

export const ErrorResponse = reply({ message: Text }, {});
export type ErrorResponse = Static<typeof ErrorResponse>;

/** The description says `Id`; the engine writes `ID`, and clients that mind the case read that. */
export const IDResponse = reply({ ID: Text }, {});
export type IDResponse = Static<typeof IDResponse>;
