/** Configs: small data given to the tasks that name them, and no secret. */
import type { Static } from "@sinclair/typebox";

import { Driver } from "./driver.js";
import { OBJECT_FIELDS } from "./object-version.js";
import { Base64, reply, struct, Text, TextMap } from "./schema.js";

export const ConfigSpec = struct({ Name: Text, Labels: TextMap, Data: Base64, Templating: Driver });
export type ConfigSpec = Static<typeof ConfigSpec>;

export const Config = reply({ ...OBJECT_FIELDS, Spec: ConfigSpec }, {});
export type Config = Static<typeof Config>;
