/**
 * The answerer of names as a process of its own: it goes on while `skepd` and the engine restart,
 * with the last state that it was given. Ends by itself when the file with that state is gone.
 *
 * Usage: `dns-main STATE-FILE`. The folder of the file is watched; the file is replaced whole.
 */
import { readFileSync, statSync, watch } from "node:fs";
import { dirname } from "node:path";

import { systemClock } from "../../shared/ports/system-clock.js";
import type { NameState } from "./core/dns-state.js";
import { DnsServer } from "./dns-server.js";

/** Where a notice was lost: names must be right within a second. */
const LOOK_PERIOD_MS = 500;
const DNS_PORT = 53;
const FOREVER = new AbortController().signal;
const HOST_RESOLVERS = "/etc/resolv.conf";

async function main(path: string): Promise<never> {
  const server = new DnsServer({
    port: DNS_PORT,
    resolverPort: DNS_PORT,
    hostResolversPath: HOST_RESOLVERS,
    clock: systemClock,
  });
  let last: string | undefined;
  const look = (): void => {
    const version = versionOf(path);
    if (version === undefined) process.exit(0);
    if (version === last) return;
    server.update(JSON.parse(readFileSync(path, "utf8")) as NameState);
    last = version;
  };
  look();
  watch(dirname(path), look).on("error", () => undefined);
  for (;;) {
    await systemClock.sleep(LOOK_PERIOD_MS, FOREVER);
    look();
  }
}

/** A file that took the place of another has another number; undefined where there is none. */
function versionOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs}`;
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("dns-main: which state file?\n");
  process.exit(2);
}
await main(path);
