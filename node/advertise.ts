/**
 * Which address this host listens on and which one it tells the others, from what the user asked
 * for and what interfaces there are. Rules and words are Docker's.
 */
import { isIP } from "node:net";

import { InvalidArgumentError } from "../shared/errors/cluster-error.js";
import { formatHostPort, type HostPort } from "../shared/rpc/host-port.js";

/** The registered port of Swarm's cluster management. */
const DEFAULT_PORT = 2377;

/** What the docker CLI sends when the user named no listening address: the same as not asking. */
export const DEFAULT_LISTEN_ADDRESS = `0.0.0.0:${DEFAULT_PORT}`;

/** An address of an interface, as the operating system lists them. */
export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly internal: boolean;
}

const HIGHEST_PORT = 65_535;

/**
 * Reads `host`, `host:port`, `[v6]:port` or an interface's name.
 * @param defaultPort of an address that names none.
 * @throws InvalidArgumentError naming `what` and the text.
 */
export function parseAddress(
  what: string,
  text: string,
  addresses: readonly InterfaceAddress[],
  defaultPort = DEFAULT_PORT,
): HostPort {
  const { host, port = defaultPort } = splitPort(what, text);
  const ofInterface = addresses.filter((a) => a.interfaceName === host);
  const first = ofInterface.find((a) => a.family === "IPv4") ?? ofInterface[0];
  if (first !== undefined) return { host: first.address, port };
  if (isIP(host) !== 0) return { host, port };
  throw new InvalidArgumentError(
    `invalid ${what} "${text}": "${host}" is neither an IP address nor an interface of this host`,
  );
}

/**
 * The address that others are told, as the user wrote it.
 * @throws InvalidArgumentError it names no one host: 0.0.0.0 would lead whoever dials it to itself.
 */
export function parseAdvertiseAddress(
  text: string,
  addresses: readonly InterfaceAddress[],
  defaultPort: number,
): HostPort {
  const address = parseAddress("advertise address", text, addresses, defaultPort);
  if (isEverywhere(address.host)) {
    throw new InvalidArgumentError(
      "advertise address must be a non-zero IP address or network interface (with optional port number)",
    );
  }
  return address;
}

/**
 * @throws InvalidArgumentError it is no address of one host, or names a port: that is the cluster's.
 */
export function parseDataPathAddress(text: string, addresses: readonly InterfaceAddress[]): string {
  const found = addresses.find(({ interfaceName }) => interfaceName === text)?.address;
  const host = found ?? text;
  if (isIP(host) !== 0 && !isEverywhere(host)) return host;
  throw new InvalidArgumentError(
    "data path address must be a non-zero IP address or network interface (without a port number)",
  );
}

/**
 * Where a host reaches what listens on it at `listen`. The advertised address may be out of its own
 * reach: a public address that a gateway translates does not lead back from inside.
 */
export function ownDoor(listen: HostPort): HostPort {
  if (!isEverywhere(listen.host)) return listen;
  return { host: isIP(listen.host) === 6 ? "::1" : "127.0.0.1", port: listen.port };
}

/** The unspecified address of either family, in whichever way it is written. */
export function isEverywhere(host: string): boolean {
  return /^(0+\.){3}0+$|^[0:]+$/.test(host) && isIP(host) !== 0;
}

/**
 * `host:port` of a manager that a user named, with the usual port where none was given.
 * @throws InvalidArgumentError it is no IP address: managers are never looked up by name.
 */
export function completeRemoteAddress(text: string): string {
  return formatHostPort(parseAddress("remote address", text, []));
}

function splitPort(what: string, text: string): { host: string; port: number | undefined } {
  const bracketed = /^\[(?<host>[^\]]+)\](?::(?<port>\d+))?$/.exec(text);
  const plain = /^(?<host>[^:]+)(?::(?<port>\d+))?$/.exec(text);
  const groups = bracketed?.groups ?? plain?.groups;
  const host = groups?.["host"] ?? text;
  const port = groups?.["port"] === undefined ? undefined : Number(groups["port"]);
  if (text === "" || (port ?? 0) > HIGHEST_PORT) {
    throw new InvalidArgumentError(
      `invalid ${what} "${text}": want an address as IP[:PORT] or INTERFACE[:PORT]`,
    );
  }
  return { host, port };
}

/**
 * The one address that others should dial: that of the only interface that leads out of
 * this host. Docker's own bridges and loopback do not count; a host with nothing else can
 * only be talked to on loopback.
 * @throws InvalidArgumentError where there are several to choose from. The docker CLI knows these
 *   words and adds what to do.
 */
export function chooseAdvertiseHost(addresses: readonly InterfaceAddress[]): string {
  const outward = addresses.filter((a) => !a.internal && !isBridgeOfAnEngine(a.interfaceName));
  const candidates = outward.filter((a) => a.family === "IPv4");
  const [only, second] = candidates;
  if (only === undefined) return "127.0.0.1";
  if (second === undefined) return only.address;
  const places =
    only.interfaceName === second.interfaceName
      ? `interface ${only.interfaceName}`
      : "different interfaces";
  throw new InvalidArgumentError(
    `could not choose an IP address to advertise since this system has multiple addresses on ${places} ` +
      `(${only.address} on ${only.interfaceName} and ${second.address} on ${second.interfaceName})`,
  );
}

function isBridgeOfAnEngine(interfaceName: string): boolean {
  return /^(docker\d|docker_gwbridge|br-[0-9a-f]{12}|veth|sk\d|vx\d)/.test(interfaceName);
}
