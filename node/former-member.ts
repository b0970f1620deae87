/**
 * What is left of a membership that the cluster ended: which node this host was, for `docker info`
 * to say why it is in no swarm. It holds nobody back: the host may enter one again, or be told to
 * forget it (`swarm leave`).
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

import { readIfThere, replaceFile } from "../shared/durable-file.js";
import type { Logger } from "../shared/ports/logger.js";

const FormerMember = Type.Object({ nodeId: Type.String() });
export type FormerMember = Static<typeof FormerMember>;

const FILE = "former-member.json";

/** Undefined where there is none, or none that can be read: no host depends on it. */
export async function readFormerMember(
  dataDir: string,
  logger: Logger,
): Promise<FormerMember | undefined> {
  const path = join(dataDir, FILE);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return Value.Decode(FormerMember, JSON.parse(text));
  } catch (error) {
    logger.warn({ path, error }, "what this host was in its last swarm cannot be read");
    return undefined;
  }
}

export async function writeFormerMember(dataDir: string, former: FormerMember): Promise<void> {
  await replaceFile(join(dataDir, FILE), JSON.stringify(former), "durable");
}

export async function forgetFormerMember(dataDir: string): Promise<void> {
  await rm(join(dataDir, FILE), { force: true });
}
