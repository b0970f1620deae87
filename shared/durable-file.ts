/**
 * Small files that survive a crash at any moment: old or new, never half of either. For what is
 * written whole and seldom; the log and its snapshots have ways of their own (`manager/raft/`).
 */
import { constants } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Everything that is kept so is the daemon's own; some of it is secret. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Takes the place of what is there; the folder is made where it is missing.
 * @param safety `durable`: on the disk when it returns, the folder's entry included. `soon`: safe
 *   from the end of this process, and from a power cut some seconds later.
 */
export async function replaceFile(
  path: string,
  text: string,
  safety: "durable" | "soon",
): Promise<void> {
  const folder = dirname(path);
  await makePrivateFolder(folder);
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", FILE_MODE);
  try {
    await file.chmod(FILE_MODE); // also where a crash had left the file with another mode
    await file.writeFile(text);
    if (safety === "durable") await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  if (safety === "durable") await syncFolder(folder);
}

/** The folder and its parents, for this user only; left as it is where it exists. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
}

/** What was renamed or removed in a folder is durable once the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined where there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
