/** Where the compiled programs are, for who runs from `dist/` and for who runs from the sources. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const DIST = existsSync(join(TOP, "package.json")) ? join(TOP, "dist") : TOP;

export const SKEPD = join(DIST, "node", "main.js");
export const SKEP = join(DIST, "cli", "main.js");
/** The answerer of names: see `worker/network/dns-main.ts`. */
export const ANSWERER = join(DIST, "worker", "network", "dns-main.js");
