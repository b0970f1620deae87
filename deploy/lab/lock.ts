/**
 * One at a time: a lock between processes that the kernel frees however its holder ends. It is an
 * abstract unix socket, unix(7), which is no file and leaves nothing behind.
 */
import { once } from "node:events";
import { createServer } from "node:net";

import { LabError } from "./lab-error.js";

export interface Lock extends AsyncDisposable {
  release(): Promise<void>;
}

/** @throws LabError another process holds it. @param holder who that is, for the message. */
export async function takeLock(name: string, holder: string): Promise<Lock> {
  const server = createServer();
  server.listen(`\0${name}`);
  try {
    await once(server, "listening");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new LabError(`${holder} is at work: wait for it, or end it with Ctrl-C`, { cause });
  }
  server.unref();
  const release = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  return { release, [Symbol.asyncDispose]: release };
}
