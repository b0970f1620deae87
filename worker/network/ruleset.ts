/**
 * The rules of one network namespace, as `nft` is asked for them and told to change them. Small changes
 * go to one that is kept open; what is long, or looked at, has an `nft` of its own, which gives back
 * what memory that took.
 */
import type { NftTable } from "./core/nft-table.js";
import { type Kernel, KernelRefusedError, type Namespace, refused } from "./kernel.js";
import { NftSession } from "./nft-session.js";

/** It reads what it is told byte by byte: more is sooner done by one that reads a file. */
const TOLD_MAX_CHARS = 8_000;

/** `anew`: no `nft` is kept open, which is about 1.5 MB less, and slower. */
export type RulesetManner = "kept-open" | "anew";

export class Ruleset {
  readonly #kernel: Kernel;
  readonly #namespace: Namespace | undefined;
  #manner: RulesetManner;
  #session: NftSession | undefined;

  constructor(kernel: Kernel, namespace?: Namespace, manner: RulesetManner = "kept-open") {
    this.#kernel = kernel;
    this.#namespace = namespace;
    this.#manner = manner;
  }

  /** The whole text or, with an error, nothing of it. One at a time. @throws KernelRefusedError */
  async change(text: string): Promise<void> {
    if (text === "") return;
    const session = text.length > TOLD_MAX_CHARS ? undefined : this.open();
    if (session === undefined) {
      await this.#kernel.expect(["nft", "-f", "-"], {
        input: text,
        namespace: this.#namespace,
      });
      return;
    }
    const answer = await session.tell(text);
    switch (answer.kind) {
      case "done":
        return;
      case "refused":
        throw new KernelRefusedError(`nft refused a change: ${answer.complaint}`);
      case "ended":
        if (!session.hasAnswered) this.#manner = "anew";
        throw new KernelRefusedError("nft ended in the middle of a change");
    }
  }

  /** For `presentTable`; undefined where there is no such table. @throws KernelRefusedError */
  async list({ family, name }: Pick<NftTable, "family" | "name">): Promise<unknown> {
    const words = ["nft", "-j", "list", "table", family, name] as const;
    const answer = await this.#kernel.run(words, { namespace: this.#namespace });
    if (answer.status === 0) return JSON.parse(answer.stdout);
    if (/No such file or directory/.test(answer.stderr)) return undefined;
    throw refused(words, answer);
  }

  /** So that the next change finds it open. */
  open(): NftSession | undefined {
    if (this.#manner === "anew") return undefined;
    if (this.#session?.state === "worn") this.close();
    if (this.#session?.state !== "open") {
      this.#session = new NftSession(this.#kernel.converse(["nft", "-i"], this.#namespace));
    }
    return this.#session;
  }

  /** Until the next change. */
  close(): void {
    this.#session?.end();
    this.#session = undefined;
  }
}
