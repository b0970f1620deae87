/**
 * A node's identity on disk, under `certificates/` of its data folder. Key and certificate share
 * one file, so that a renewal replaces both or neither.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { readIfThere, replaceFile } from "../shared/durable-file.js";
import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import type { TlsIdentity } from "../shared/rpc/tls-identity.js";

const FOLDER = "certificates";
const NODE_FILE = "node.pem";
const ROOT_FILE = "root.pem";

const KEY_PATTERN = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/;

/**
 * Undefined where there is none.
 * @throws FailedPreconditionError the files are there but not whole.
 */
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
  await replaceFile(join(folder, ROOT_FILE), identity.rootPem, "durable");
  await replaceFile(join(folder, NODE_FILE), identity.keyPem + identity.certificatePem, "durable");
}

/** When the host leaves the cluster: nothing of the identity remains. */
export async function removeIdentity(dataDir: string): Promise<void> {
  await rm(join(dataDir, FOLDER), { recursive: true, force: true });
}

function damaged(path: string, what: string): FailedPreconditionError {
  return new FailedPreconditionError(
    `the node's identity is damaged: ${path} ${what}. Restore it from a backup, or remove the folder and join again.`,
  );
}
