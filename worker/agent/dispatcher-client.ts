/**
 * Opens the session stream to a manager over gRPC, each time on a connection of its own, and finds
 * out whether a manager's host takes connections at all.
 */
import { connect } from "node:net";

import { UnavailableError } from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import { RpcClient } from "../../shared/rpc/channel.js";
import type { ClientTrust } from "../../shared/rpc/credentials.js";
import { SESSION } from "../../shared/rpc/dispatcher-rpc.js";
import { parseHostPort } from "../../shared/rpc/host-port.js";
import type { Conversation } from "./session.js";

/** @returns what `Agent` opens its sessions with. */
export function dispatcherConnector(
  trust: ClientTrust,
  clock: Clock,
): (address: string) => Conversation {
  return (address) => {
    // A client that is kept would go on with its own back-off where we have already chosen to try.
    const client = new RpcClient({ address, trust, clock });
    const stream = client.open(SESSION);
    stream.ended.addEventListener("abort", () => {
      client.close();
    });
    return stream;
  };
}

/**
 * Resolves with the address that this host has on the way there.
 * @throws UnavailableError, or the signal's reason once it is aborted.
 */
export function reachHost(address: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port } = parseHostPort(address);
    const socket = connect({ host, port });
    const abandon = (): void => {
      socket.destroy(signal.reason as Error);
    };
    signal.addEventListener("abort", abandon, { once: true });
    socket.once("connect", () => {
      const local = socket.localAddress ?? "";
      socket.destroy();
      resolve(local);
    });
    socket.once("error", (cause) => {
      if (signal.aborted) reject(signal.reason as Error);
      else reject(new UnavailableError(`${address}: ${cause.message}`, { cause }));
    });
    socket.once("close", () => {
      signal.removeEventListener("abort", abandon);
    });
  });
}
