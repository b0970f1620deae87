/**
 * Asks a task's own network namespace: what its rules make of a virtual address, and whether a
 * packet comes back. Needs root on the host that the task runs on.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Within this time a packet is back, or it is lost. */
const PROBE_LIMIT_MS = 3_000;

/** Run by the node that runs us, inside the namespace. Prints how it went, the time, and from where. */
const CONNECT = `
const [host, port, limit] = process.argv.slice(1);
const begun = performance.now();
const socket = require("node:net").connect(Number(port), host);
const end = (word) => {
  const ms = Math.round(performance.now() - begun);
  console.log(JSON.stringify({ word, ms, from: socket.localAddress ?? "" }));
  process.exit(0);
};
socket.on("connect", () => end("connected"));
socket.on("error", ({ code }) => end(code));
setTimeout(() => end("timeout"), Number(limit));
`;

export interface Probe {
  /** `connected`, `timeout`, or the error's code. */
  readonly word: string;
  readonly ms: number;
  readonly from: string;
}

export class NamespaceProbe {
  readonly #pid: number;

  /** @param pid of a process in the namespace */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Whether TCP gets through, refusals included: these come back, too. */
  async connect(host: string, port: number): Promise<Probe> {
    const words = [process.execPath, "-e", CONNECT, host, String(port), String(PROBE_LIMIT_MS)];
    return JSON.parse(await this.#run(words)) as Probe;
  }

  /** Where the kernel leads connections to the address: undefined where no rule knows it. */
  async backendsOf(vip: string): Promise<readonly string[] | undefined> {
    const family = vip.includes(":") ? "ip6" : "ip";
    const text = await this.#run(["nft", "-j", "list", "table", family, "skep_vip"]).catch(
      () => "",
    );
    return text === "" ? undefined : backendsIn(JSON.parse(text), vip);
  }

  async #run(words: readonly string[]): Promise<string> {
    const args = ["--target", String(this.#pid), "--net", "--", ...words];
    const { stdout } = await run("nsenter", args, { timeout: 2 * PROBE_LIMIT_MS });
    return stdout;
  }
}

interface Listing {
  readonly nftables?: readonly {
    readonly map?: { readonly elem?: readonly unknown[] };
    readonly set?: { readonly elem?: readonly unknown[] };
  }[];
}

/**
 * From `nft -j list table`: what the address is led to; none where it is refused; undefined where no
 * rule knows it.
 */
export function backendsIn(listing: unknown, vip: string): readonly string[] | undefined {
  const { nftables = [] } = listing as Listing;
  const elements = nftables.flatMap(({ map }) => map?.elem ?? []) as [unknown, unknown][];
  const backends = elements.flatMap(([key, value]) => {
    // (A text has something of this name, too.)
    const [first] = typeof key === "string" ? [] : ((key as { concat?: unknown[] }).concat ?? []);
    return first === vip && typeof value === "string" ? [value] : [];
  });
  const isRefused = nftables.some(({ set }) => set?.elem?.includes(vip) === true);
  return isRefused || backends.length > 0 ? backends : undefined;
}
