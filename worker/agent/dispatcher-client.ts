/** Opens the session stream to a manager over gRPC, each time on a connection of its own. */
import type { Clock } from "../../shared/ports/clock.js";
import { RpcClient } from "../../shared/rpc/channel.js";
import type { ClientTrust } from "../../shared/rpc/credentials.js";
import { SESSION } from "../../shared/rpc/dispatcher-rpc.js";
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
