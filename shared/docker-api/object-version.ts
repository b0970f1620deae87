/**
 * What every stored object carries: its version counter, and the times of its making and of its
 * last change.
 */
import type { Static } from "@sinclair/typebox";

import { reply, struct, Text, Timestamp, Uint64 } from "./schema.js";

/** The version that an update must name; a stale one is refused with "update out of sequence". */
export const ObjectVersion = reply({ Index: Uint64 }, {});
export type ObjectVersion = Static<typeof ObjectVersion>;

/** Counts the runs of a job. Docker writes the first, 0, as `{}`. */
export const JobIteration = struct({ Index: Uint64 });
export type JobIteration = Static<typeof JobIteration>;

/** Spread into each stored object's schema. */
export const OBJECT_FIELDS = {
  ID: Text,
  Version: ObjectVersion,
  CreatedAt: Timestamp,
  UpdatedAt: Timestamp,
};
