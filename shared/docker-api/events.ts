/** One line of the event stream. */
import type { Static } from "@sinclair/typebox";

import { choice, Int64, struct, Text, TextMap } from "./schema.js";

export const EventActor = struct({ ID: Text, Attributes: TextMap });
export type EventActor = Static<typeof EventActor>;

export const EventMessage = struct({
  Type: choice(
    "builder",
    "config",
    "container",
    "daemon",
    "image",
    "network",
    "node",
    "plugin",
    "secret",
    "service",
    "volume",
  ),
  Action: Text,
  Actor: EventActor,
  scope: choice("local", "swarm"),
  /** Seconds since 1970. */
  time: Int64,
  timeNano: Int64,
});
export type EventMessage = Static<typeof EventMessage>;
