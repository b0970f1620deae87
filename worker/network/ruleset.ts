/** The rules of one network namespace, as `nft` is asked for them and told to change them. */
import type { NftTable } from "./core/nft-table.js";
import { type Kernel, type Namespace, refused } from "./kernel.js";
import { ToldProgram, type ToldProgramPlace, type ToldProgramWords } from "./told-program.js";

const NFT: ToldProgramWords = {
  open: ["nft", "-i"],
  once: ["nft", "-f", "-"],
  // The kernel takes a line whole, or nothing of it.
  separator: "; ",
};

export class Ruleset {
  readonly #kernel: Kernel;
  readonly #namespace: Namespace | undefined;
  readonly #nft: ToldProgram;

  constructor(kernel: Kernel, place: ToldProgramPlace = {}) {
    this.#kernel = kernel;
    this.#namespace = place.namespace;
    this.#nft = new ToldProgram(kernel, NFT, place);
  }

  /** The whole text or, with an error, nothing of it. One at a time. @throws KernelRefusedError */
  async change(text: string): Promise<void> {
    await this.#nft.tell(text);
  }

  /** For `presentTable`; undefined where there is no such table. @throws KernelRefusedError */
  async list({ family, name }: Pick<NftTable, "family" | "name">): Promise<unknown> {
    const words = ["nft", "-j", "list", "table", family, name] as const;
    const answer = await this.#kernel.run(words, { namespace: this.#namespace });
    if (answer.status === 0) return JSON.parse(answer.stdout);
    if (/No such file or directory/.test(answer.stderr)) return undefined;
    throw refused(words, answer);
  }

  /** So that the next change is a quick one. */
  open(): void {
    this.#nft.open();
  }

  /** Until the next change. */
  close(): void {
    this.#nft.close();
  }
}
