/**
 * One daemon per host keeps the networks: two would undo each other's work for ever. Who has them
 * holds a socket of a name that there is once in each network namespace; the kernel takes it back
 * with its holder, whatever ended that.
 */
import { createServer } from "node:net";

/** Without a file: such a name belongs to the network namespace (unix(7), "abstract"). */
const SOCKET = "\0skep-host-network";

export interface HostClaim {
  release(): void;
}

/** Undefined where another daemon has them. */
export function claimHostNetwork(): Promise<HostClaim | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(SOCKET, () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}
