/**
 * What a manager knows of itself before its log is open: its name in consensus, and where the others
 * were when it came. Written before anything is promised under that name.
 */
import { join } from "node:path";

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

import { readIfThere, replaceFile } from "../../shared/durable-file.js";
import { FailedPreconditionError } from "../../shared/errors/cluster-error.js";

const MemberFile = Type.Object({
  memberId: Type.String(),
  others: Type.Array(Type.Object({ memberId: Type.String(), address: Type.String() })),
});
export type MemberFile = Static<typeof MemberFile>;

const FILE = "member.json";

/** Undefined where this host has not begun to manage. @throws FailedPreconditionError */
export async function readMemberFile(folder: string): Promise<MemberFile | undefined> {
  const path = join(folder, FILE);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return Value.Decode(MemberFile, JSON.parse(text));
  } catch (cause) {
    throw new FailedPreconditionError(
      `${path} is damaged; restore it from a backup, or remove ${folder}: the other managers then send what was in it`,
      { cause },
    );
  }
}

export async function writeMemberFile(folder: string, file: MemberFile): Promise<void> {
  await replaceFile(join(folder, FILE), JSON.stringify(file), "durable");
}
