/**
 * Where a member listens and what it tells others: settled when the host enters a cluster, from the
 * request, else from skepd's command line, else from the host itself; and settled anew when it
 * comes back with another command line or another address.
 */
import { ClusterError } from "../shared/errors/cluster-error.js";
import type { HostPort } from "../shared/rpc/host-port.js";
import {
  chooseAdvertiseHost,
  DEFAULT_LISTEN_ADDRESS,
  type InterfaceAddress,
  isEverywhere,
  parseAddress,
  parseAdvertiseAddress,
  parseDataPathAddress,
} from "./advertise.js";
import type { MemberAddresses } from "./member-file.js";

/** Of skepd's command line, what says where this host is. */
export interface DaemonAddresses {
  /** Where to listen if this host manages. */
  readonly listen: HostPort;
  /** What to tell others, as the user wrote it; undefined: found out. */
  readonly advertise: string | undefined;
}

/** What a user may say of it with `swarm init` and `join`. */
export interface AddressWishes {
  readonly ListenAddr?: string;
  readonly AdvertiseAddr?: string;
  readonly DataPathAddr?: string;
}

/** @throws InvalidArgumentError naming what cannot be meant. */
export function settleAddresses(
  wishes: AddressWishes,
  daemon: DaemonAddresses,
  addresses: readonly InterfaceAddress[],
): MemberAddresses {
  const asked = wishes.ListenAddr ?? "";
  // The docker CLI always sends its default: only another place was asked for by a person.
  const listen =
    asked === "" || asked === DEFAULT_LISTEN_ADDRESS
      ? daemon.listen
      : parseAddress("listen address", asked, addresses);
  const wish = wishes.AdvertiseAddr || daemon.advertise;
  const dataPath = wishes.DataPathAddr || undefined;
  return {
    listen,
    ...(wish !== undefined && {
      advertise: parseAdvertiseAddress(wish, addresses, listen.port),
    }),
    ...(dataPath !== undefined && { dataPath: parseDataPathAddress(dataPath, addresses) }),
    daemon: { listen: daemon.listen, ...(daemon.advertise && { advertise: daemon.advertise }) },
  };
}

/**
 * After a restart: what was settled stands, also against a command line that has said the same all
 * along. What the command line says for the first time is meant.
 * @throws InvalidArgumentError naming what cannot be meant.
 */
export function resettleAddresses(
  settled: MemberAddresses,
  daemon: DaemonAddresses,
  addresses: readonly InterfaceAddress[],
): MemberAddresses {
  const before = settled.daemon;
  const listensElsewhere =
    before.listen.host !== daemon.listen.host || before.listen.port !== daemon.listen.port;
  const listen = listensElsewhere ? daemon.listen : settled.listen;
  const { advertise: _former, ...rest } = settled;
  const advertise =
    before.advertise === daemon.advertise
      ? followPort(settled.advertise, settled.listen.port, listen.port)
      : daemon.advertise && parseAdvertiseAddress(daemon.advertise, addresses, listen.port);
  return {
    ...rest,
    listen,
    ...(advertise && { advertise }),
    daemon: { listen: daemon.listen, ...(daemon.advertise && { advertise: daemon.advertise }) },
  };
}

/**
 * What a manager tells the others, who dial it: it has to tell something. What it found out before
 * stands while the host has that address, and where nothing better can be found.
 * @throws InvalidArgumentError where the user named none and there are several to choose from.
 */
export function managerHost(
  { advertise, found, listen }: Pick<MemberAddresses, "advertise" | "found" | "listen">,
  addresses: readonly InterfaceAddress[],
): string {
  if (advertise !== undefined) return advertise.host;
  if (!isEverywhere(listen.host)) return listen.host;
  if (found !== undefined && addresses.some(({ address }) => address === found)) return found;
  try {
    return chooseAdvertiseHost(addresses);
  } catch (error) {
    if (found !== undefined && error instanceof ClusterError) return found;
    throw error;
  }
}

/** An advertised address that had the listening port, for want of another, goes on to have it. */
function followPort(
  advertise: HostPort | undefined,
  formerPort: number,
  port: number,
): HostPort | undefined {
  if (advertise?.port !== formerPort) return advertise;
  return { ...advertise, port };
}
