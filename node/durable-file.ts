/**
 * Small files of the daemon that survive a crash at any moment: old or new, never half of either.
 */
import { constants } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Everything here is the daemon's own; some of it is secret. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** On the disk when it returns, the folder's entry included. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", FILE_MODE);
  try {
    await file.chmod(FILE_MODE); // also where a crash had left the file with another mode
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await opened.sync();
  } finally {
    await opened.close();
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
