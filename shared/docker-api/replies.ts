/** The two small answers that many requests share. */
import type { Static } from "@sinclair/typebox";
import { reply, Text } from "./schema.js";

export const ErrorResponse = reply({ message: Text }, {});
export type ErrorResponse = Static<typeof ErrorResponse>;

/** Secrets and configs answer `ID`; the description says `Id`, and Go clients read either. */
export const IDResponse = reply({ Id: Text }, {});
export type IDResponse = Static<typeof IDResponse>;
