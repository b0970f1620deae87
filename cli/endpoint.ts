/** Where the daemon is: `--host`, else `SKEP_HOST`, else `DOCKER_HOST`, else the usual socket. */
import type { Environment } from "./context.js";
import { UsageError } from "./errors.js";

const DEFAULT_ADDRESS = "unix:///run/skep/skep.sock";

/** What Docker's clients take for a `tcp://` address without a port. */
const DEFAULT_TCP_PORT = 2375;

export interface Endpoint {
  /** As the user gave it, for messages. */
  readonly address: string;
  readonly target:
    | { readonly kind: "unix"; readonly socketPath: string }
    | { readonly kind: "tcp"; readonly host: string; readonly port: number };
}

export function chooseAddress(flag: string | undefined, env: Environment): string {
  const candidates = [flag, env["SKEP_HOST"], env["DOCKER_HOST"]];
  return candidates.find((address) => address !== undefined && address !== "") ?? DEFAULT_ADDRESS;
}

/** @throws UsageError */
export function parseAddress(address: string): Endpoint {
  if (address.startsWith("unix://")) {
    const socketPath = address.slice("unix://".length);
    if (socketPath === "") throw new UsageError(`no path in host address "${address}"`);
    return { address, target: { kind: "unix", socketPath } };
  }
  if (/^(tcp|http):\/\//.test(address) && URL.canParse(address)) {
    // URL knows the default port of http alone, and hides it when it is given.
    const url = new URL(address.replace(/^tcp:/, "http:"));
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const explicitPort = /:(\d+)\/*$/.exec(address)?.[1];
    const port = explicitPort === undefined ? DEFAULT_TCP_PORT : Number(explicitPort);
    return { address, target: { kind: "tcp", host, port } };
  }
  throw new UsageError(
    `cannot understand host address "${address}" (use unix:///path/to/socket or tcp://host:port)`,
  );
}
