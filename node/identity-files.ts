/**
 * A node's identity on disk, under `certificates/` of its data folder. Key and certificate share one file, so that a
 * renewal replaces both or neither; it is readable by its owner alone. What was written is on the disk when a write
 * returns.
 */
import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import type { TlsIdentity } from "../shared/rpc/tls-identity.js";

const FOLDER = "certificates";
const NODE_FILE = "node.pem";
const ROOT_FILE = "root.pem";
const SECRET_MODE = 0o600;
const SECRET_FOLDER_MODE = 0o700;

const KEY_PATTERN = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/;

/** Undefined where there is none. @throws FailedPreconditionError the files are there but not whole. */
export async function readIdentity(dataDir: string): Promise<TlsIdentity | undefined> {
  const folder = join(dataDir, FOLDER);
  const [node, rootPem] = await Promise.all([
    readIfThere(join(folder, NODE_FILE)),
    readIfThere(join(folder, ROOT_FILE)),
  ]);
  if (node === undefined) return undefined; // written last: without it nothing was promised
  const keyPem = KEY_PATTERN.exec(node)?.[0];
  const certificatePem = keyPem === undefined ? "" : node.replace(keyPem, "");
  if (keyPem === undefined || !certificatePem.includes("BEGIN CERTIFICATE")) {
    throw damaged(join(folder, NODE_FILE), "holds no private key and certificate");
  }
  if (rootPem === undefined) throw damaged(join(folder, ROOT_FILE), "is missing");
  return { keyPem, certificatePem, rootPem };
}

export async function writeIdentity(dataDir: string, identity: TlsIdentity): Promise<void> {
  const folder = join(dataDir, FOLDER);
  await mkdir(folder, { recursive: true, mode: SECRET_FOLDER_MODE });
  await writeWhole(folder, ROOT_FILE, identity.rootPem);
  await writeWhole(folder, NODE_FILE, identity.keyPem + identity.certificatePem);
}

/** When the host leaves the cluster: nothing of the identity remains. */
export async function removeIdentity(dataDir: string): Promise<void> {
  await rm(join(dataDir, FOLDER), { recursive: true, force: true });
}

/** Old or new after a crash at any moment, never half of either. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `${name}.new`);
  const file = await open(temporary, "w", SECRET_MODE);
  try {
    await file.chmod(SECRET_MODE); // also where a crash had left the file with another mode
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function damaged(path: string, what: string): FailedPreconditionError {
  return new FailedPreconditionError(
    `the node's identity is damaged: ${path} ${what}. Restore it from a backup, or remove the folder and join again.`,
  );
}
