/**
 * What this host remembers of its membership beside its certificate: where it listens, what it
 * tells others, which managers it knew first, and which engine runs its tasks (an engine that is
 * slow to come back after a reboot must not be taken for none).
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

import { readIfThere, replaceFile } from "../shared/durable-file.js";
import { FailedPreconditionError } from "../shared/errors/cluster-error.js";

const Address = Type.Object({ host: Type.String(), port: Type.Integer() });

/** `node/settle.ts` says what of it comes from where. */
const MemberAddresses = Type.Object({
  listen: Address,
  /** What the user wants others to be told; absent: what they see, or what a manager finds out. */
  advertise: Type.Optional(Address),
  /** What a manager found out to be its address, without a port. */
  found: Type.Optional(Type.String()),
  /** Where traffic between tasks should go; absent: where everything goes. */
  dataPath: Type.Optional(Type.String()),
  /** What skepd's command line said when this was settled. */
  daemon: Type.Object({ listen: Address, advertise: Type.Optional(Type.String()) }),
});
export type MemberAddresses = Static<typeof MemberAddresses>;

const MemberSettings = Type.Object({
  addresses: MemberAddresses,
  /** `host:port` of the managers that this host joined through. */
  managers: Type.Array(Type.String()),
  engine: Type.Union([Type.Literal("docker"), Type.Literal("process")]),
});
export type MemberSettings = Static<typeof MemberSettings>;

const FILE = "member.json";

/** Undefined where there is none. @throws FailedPreconditionError the file is not what we wrote. */
export async function readMemberSettings(dataDir: string): Promise<MemberSettings | undefined> {
  const path = join(dataDir, FILE);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return Value.Decode(MemberSettings, JSON.parse(text));
  } catch (cause) {
    throw new FailedPreconditionError(
      `${path} is damaged; restore it from a backup, or leave with "skep swarm leave --force" and join again`,
      { cause },
    );
  }
}

export async function writeMemberSettings(
  dataDir: string,
  settings: MemberSettings,
): Promise<void> {
  await replaceFile(join(dataDir, FILE), JSON.stringify(settings), "durable");
}

export async function removeMemberSettings(dataDir: string): Promise<void> {
  await rm(join(dataDir, FILE), { force: true });
}
