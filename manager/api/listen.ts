/** Opening and closing the places where the API answers. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";

import { UnavailableError } from "../../shared/errors/cluster-error.js";

export type ListenAddress =
  { readonly path: string } | { readonly host: string; readonly port: number };

/** As Docker's own socket: whoever may write there is as good as root. */
const SOCKET_MODE = 0o660;

/** @throws UnavailableError where another process answers at this address. */
export async function listenOn(server: Server, address: ListenAddress): Promise<void> {
  if ("path" in address) await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
  if ("path" in address) chmodSync(address.path, SOCKET_MODE);
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

/** Ends what is attached, too: an event stream would hold the daemon for ever. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    server.emit("skep-close");
  });
}
