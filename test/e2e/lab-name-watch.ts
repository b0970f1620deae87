/**
 * What names stand for on a laboratory's hosts while things change: asked every few milliseconds in
 * the namespace of a task of each host, so that it can be told when each answer changed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "./eventually.js";
import type { Container, LabServices } from "./lab-services.js";

/** What a name stood for from then on. */
interface Answer {
  /** When it was asked for first, Unix time: the hosts have one clock. */
  readonly atMs: number;
  /** Ascending; none: there is no such name, or nobody answered. */
  readonly addresses: readonly string[];
}

const ASK = `
const { existsSync, renameSync, writeFileSync } = require("fs");
const [server, file, until, ...names] = process.argv.slice(1);
const resolver = new (require("dns").promises.Resolver)({ timeout: 500, tries: 1 });
resolver.setServers([server]);
const answers = Object.fromEntries(names.map((name) => [name, []]));
const look = async (name) => {
  const atMs = Date.now();
  const addresses = (await resolver.resolve4(name).catch(() => [])).sort();
  const last = answers[name].at(-1);
  if (last && String(last.addresses) === String(addresses)) return;
  answers[name].push({ atMs, addresses });
  writeFileSync(file + ".new", JSON.stringify(answers));
  renameSync(file + ".new", file);
};
(async () => {
  while (!existsSync(until)) {
    for (const name of names) await look(name);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
})();
`;

export class NameWatch implements AsyncDisposable {
  readonly #files: readonly string[];
  readonly #until: string;
  readonly #ended: Promise<unknown>;

  /**
   * @param askers one on each host
   * @param folder that is empty
   */
  constructor(
    on: LabServices,
    askers: readonly Container[],
    { names, folder }: { readonly names: readonly string[]; readonly folder: string },
  ) {
    this.#until = join(folder, "until");
    this.#files = askers.map(({ host }) => join(folder, host));
    const asked = askers.map(async (asker) => {
      const { host, id } = asker;
      const pid = await on.run(host, ["docker", "inspect", "--format", "{{.State.Pid}}", id]);
      const server = await on.within(asker, "sed -n 's/^nameserver //p' /etc/resolv.conf");
      const words = [process.execPath, "-e", ASK, server, join(folder, host), this.#until];
      await on.run(host, ["nsenter", "--target", pid, "--net", "--", ...words, ...names]);
    });
    this.#ended = Promise.all(asked);
  }

  /** @returns Unix time by which each host had said so, of answers that held then or came later */
  saidByAllMs(
    name: string,
    sinceMs: number,
    isSo: (addresses: readonly string[]) => boolean,
  ): Promise<number> {
    return eventually(`${name} stands for what it should on each host`, async () => {
      const said = this.#files.map((file) => {
        const all = JSON.parse(readFileSync(file, "utf8")) as Record<string, readonly Answer[]>;
        const answers = all[name] ?? [];
        const held = answers.findLastIndex(({ atMs }) => atMs <= sinceMs);
        return answers.slice(Math.max(held, 0)).find(({ addresses }) => isSo(addresses))?.atMs;
      });
      const times = said.filter((atMs) => atMs !== undefined);
      return times.length === said.length ? Math.max(...times) : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(this.#until, "");
    await this.#ended;
  }
}
