/** Flags that take addresses: to listen on, of name servers, of hosts and networks. */
import { isIP } from "node:net";

import { BadValueError } from "../errors.js";
import { csvFields } from "./csv.js";
import { type Flag, type FlagOptions, single } from "./flag.js";
import { parseDecimal } from "./numbers.js";
import { cut } from "./parse-line.js";

const DEFAULT_LISTEN_HOST = "0.0.0.0";
const DEFAULT_LISTEN_PORT = 2377;
export const DEFAULT_LISTEN_ADDRESS = `${DEFAULT_LISTEN_HOST}:${DEFAULT_LISTEN_PORT}`;

const PORT_MAX = 65_535;

export function listenAddress(summary: string, options: FlagOptions = {}): Flag<string> {
  return single("node-addr", summary, parseListenAddress, options);
}

/** `<ip|interface>[:port]`, completed by what is missing. @throws BadValueError */
function parseListenAddress(given: string): string {
  const address = given.replace(/^tcp:\/\//, "");
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(address) ?? [];
  if (host === undefined) throw new BadValueError("must be <ip|interface>[:port]");
  if (port !== undefined && Number(port) > PORT_MAX) throw new BadValueError("no such port");
  const chosenHost = host === "" ? DEFAULT_LISTEN_HOST : host;
  return `${chosenHost}:${port === undefined || port === "" ? DEFAULT_LISTEN_PORT : port}`;
}

/** @throws BadValueError */
export function parseIp(given: string): string {
  const address = given.trim();
  if (isIP(address) === 0) {
    throw new BadValueError(`IP address is not correctly formatted: ${given}`);
  }
  return address;
}

/** `10.0.0.0/16,10.1.0.0/16` @throws BadValueError */
export function parseSubnets(given: string): string[] {
  return csvFields(given).map((subnet) => {
    const [address, length] = cut(subnet.trim(), "/");
    const family = isIP(address);
    const bits = parseDecimal(length ?? "");
    if (family === 0 || bits === undefined || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw new BadValueError(`invalid CIDR address: ${subnet}`);
    }
    return subnet.trim();
  });
}

/** `name:address` as a line of `/etc/hosts`, address first. @throws BadValueError */
export function parseExtraHost(given: string): string {
  // A colon or, as newer clients write it, an equals sign; an IPv6 address has colons of its own.
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(given.trim()) ?? [];
  if (name === undefined || address === undefined) {
    throw new BadValueError(`bad format for add-host: "${given}" (expected name:address)`);
  }
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) === 0) throw new BadValueError(`invalid IP address in add-host: "${bare}"`);
  return `${bare} ${name}`;
}
