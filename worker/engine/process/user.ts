/** Who a task runs as: names looked up in the host's own user and group files. */
import { readFile } from "node:fs/promises";

import { TaskRefusedError } from "../engine-errors.js";
import type { Owner } from "./task-folder.js";

/**
 * @param user `name`, `name:group`, or their numbers.
 * @returns undefined where that is who we are already.
 * @throws TaskRefusedError where nobody is called so, or only root could become it.
 */
export async function resolveUser(user: string): Promise<Owner | undefined> {
  const [name = "", group] = user.split(":");
  const account = await accountOf(name);
  const gid = group === undefined ? account.gid : await groupOf(group);
  const ownUid = process.getuid?.();
  if (ownUid === account.uid && process.getgid?.() === gid) return undefined;
  if (ownUid !== 0) {
    throw new TaskRefusedError(`only root can run a task as user ${user}`);
  }
  return { uid: account.uid, gid };
}

async function accountOf(name: string): Promise<Owner> {
  const lines = await fieldsOf("/etc/passwd");
  const found = lines.find((fields) => fields[0] === name || fields[2] === name);
  if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) };
  // As in a container: a number needs no account, and its group is then root's.
  if (/^\d+$/.test(name)) return { uid: Number(name), gid: 0 };
  throw new TaskRefusedError(`unable to find user ${name}: no matching entries in passwd file`);
}

async function groupOf(name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const lines = await fieldsOf("/etc/group");
  const found = lines.find((fields) => fields[0] === name);
  if (found !== undefined) return Number(found[2]);
  throw new TaskRefusedError(`unable to find group ${name}: no matching entries in group file`);
}

async function fieldsOf(path: string): Promise<string[][]> {
  const text = await readFile(path, "utf8");
  return text.split("\n").map((line) => line.split(":"));
}
