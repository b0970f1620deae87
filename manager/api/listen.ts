/** Opening the places where the API answers. */
import { lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";

import { UnavailableError } from "../../shared/errors/cluster-error.js";

/**
 * A unix socket alone: on a TCP port the API needs client certificates, as whoever
 * reaches it is as good as root.
 */
export interface ListenAddress {
  readonly path: string;
}

/** As Docker's own socket: whoever may write there is as good as root. */
const SOCKET_UMASK = 0o117;

/** @throws UnavailableError where another process answers at this address. */
export async function listenOn(server: Server, address: ListenAddress): Promise<void> {
  await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The socket is made within this call, so that it is nobody else's from its first moment on.
    const umask = process.umask(SOCKET_UMASK);
    server.listen(address.path, () => {
      server.off("error", reject);
      resolve();
    });
    process.umask(umask);
  });
}

/** A daemon that was killed leaves its socket behind; one that lives must keep it. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new UnavailableError(`cannot listen on ${path}: there is something that is no socket`);
  }
  if (await answers(path)) {
    throw new UnavailableError(`cannot listen on ${path}: another process answers there`);
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
