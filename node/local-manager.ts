/**
 * The manager of this host, while its role says so: what it listens on, and its beginning and end.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { Manager, type ManagerOptions } from "../manager/manager.js";
import { readMemberFile } from "../manager/members/member-file.js";
import type { EnlistRequest, EnlistResponse } from "../manager/members/members-rpc.js";
import { ClusterError } from "../shared/errors/cluster-error.js";
import { formatHostPort, type HostPort, parseHostPort } from "../shared/rpc/host-port.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import { interfaceAddresses } from "./interface-addresses.js";
import type { MemberAddresses } from "./member-file.js";
import { managerHost } from "./settle.js";

export interface LocalManagerOptions extends Omit<
  ManagerOptions,
  "dataDir" | "address" | "enlist"
> {
  /** This host's own; the manager has a folder in it. */
  readonly dataDir: string;
  readonly addresses: MemberAddresses;
  /** Asks managers to take this host as one of them. */
  readonly enlist: (request: EnlistRequest) => Promise<EnlistResponse>;
}

/** A certificate alone makes no manager: the others must have taken it as one. */
export async function wasManager(dataDir: string): Promise<boolean> {
  return (await readMemberFile(managerFolder(dataDir))) !== undefined;
}

export class LocalManager {
  readonly manager: Manager;
  readonly #server: RpcServer;
  readonly #dataDir: string;
  /** With the port that was given, and the address that was found. */
  addresses: MemberAddresses;

  /**
   * Resolves once it is at work.
   * @throws DamagedLogError, StorageFailedError, UnavailableError (the address cannot be listened
   *   on), and what `enlist` throws.
   */
  static async start(options: LocalManagerOptions): Promise<LocalManager> {
    const { clock, dataDir, founding, identity, logger } = options;
    const server = new RpcServer({ identity, clock, logger: logger.child({ part: "rpc" }) });
    let manager: Manager | undefined;
    try {
      let addresses = options.addresses;
      const listen = async (): Promise<void> => {
        addresses = withPort(addresses, await server.listen(addresses.listen));
        addresses = withHost(addresses, founding === undefined ? "may-be-seen" : "must-be-known");
      };
      // Who is not known yet has to say where it is first; everybody else answers from the first
      // connection on.
      const isKnown = founding !== undefined || (await wasManager(dataDir));
      if (!isKnown) await listen();
      manager = await Manager.open({
        ...options,
        dataDir: managerFolder(dataDir),
        address: () => shown(addressOf(addresses)),
        enlist: async () => {
          const response = await options.enlist(addressOf(addresses));
          addresses = { ...addresses, found: parseHostPort(response.self.address).host };
          return response;
        },
      });
      manager.serveOn(server);
      if (isKnown) await listen();
      await manager.start(addressOf(addresses));
      return new LocalManager({ manager, server, dataDir, addresses });
    } catch (error) {
      server.close();
      await manager?.close();
      throw error;
    }
  }

  private constructor(parts: {
    readonly manager: Manager;
    readonly server: RpcServer;
    readonly dataDir: string;
    readonly addresses: MemberAddresses;
  }) {
    this.manager = parts.manager;
    this.#server = parts.server;
    this.#dataDir = parts.dataDir;
    this.addresses = parts.addresses;
  }

  /** What others dial. */
  get address(): HostPort {
    return addressOf(this.addresses);
  }

  async close(): Promise<void> {
    // The others have to be heard while the lead is handed on.
    await this.manager.close();
    this.#server.close();
  }

  /** Ended for good: the state is the other managers'. */
  async forget(): Promise<void> {
    await rm(managerFolder(this.#dataDir), { recursive: true, force: true });
  }
}

export function managerFolder(dataDir: string): string {
  return join(dataDir, "manager");
}

function addressOf({ advertise, found = "", listen }: MemberAddresses): HostPort {
  return advertise ?? { host: found, port: listen.port };
}

/** Empty while it is not known. */
function shown(address: HostPort): string {
  return address.host === "" ? "" : formatHostPort(address);
}

/**
 * @param need `may-be-seen`: where there are several addresses, the other managers see which one
 *   this host uses to reach them.
 * @throws InvalidArgumentError
 */
function withHost(
  addresses: MemberAddresses,
  need: "must-be-known" | "may-be-seen",
): MemberAddresses {
  try {
    return { ...addresses, found: managerHost(addresses, interfaceAddresses()) };
  } catch (error) {
    if (need === "must-be-known" || !(error instanceof ClusterError)) throw error;
    return addresses;
  }
}

/** Port 0 asks for any; what was given is kept, so that a restart is found at the same place. */
function withPort(addresses: MemberAddresses, port: number): MemberAddresses {
  const { listen, advertise } = addresses;
  return {
    ...addresses,
    listen: { ...listen, port },
    ...(advertise?.port === 0 && { advertise: { ...advertise, port } }),
  };
}
