/**
 * Keeps one table of nftables, in one network namespace, as it is wanted. What it wrote last it
 * believes to be there, so that a small change costs a small file; a look shows whether that is
 * still so, and puts right what is not.
 */
import { presentTable } from "./core/nft-present.js";
import {
  changeTable,
  type NftTable,
  presentForm,
  type PresentTable,
  removeTable,
  replaceTable,
} from "./core/nft-table.js";
import { KernelRefusedError } from "./kernel.js";
import type { Ruleset } from "./ruleset.js";

/** What somebody else had changed, as the commands that put it right; none: it was as wanted. */
export type Repairs = readonly string[];

export class TableKeeper {
  readonly #rules: Ruleset;
  #believed: PresentTable | undefined;

  constructor(rules: Ruleset) {
    this.#rules = rules;
  }

  /** @throws KernelRefusedError then nothing was changed, and nothing is believed any more */
  async apply(wanted: NftTable): Promise<void> {
    const believed = this.#believed;
    if (believed === undefined || !(await this.#isTaken(believed, wanted))) {
      await this.#change(await this.#read(wanted), wanted);
    }
  }

  /** Refused where it is not as believed: somebody else was there first. */
  async #isTaken(believed: PresentTable, wanted: NftTable): Promise<boolean> {
    try {
      await this.#change(believed, wanted);
      return true;
    } catch (cause) {
      if (cause instanceof KernelRefusedError) return false;
      throw cause;
    }
  }

  /** Looks what is there, and puts it right. @throws KernelRefusedError */
  async mend(wanted: NftTable): Promise<Repairs> {
    const present = await this.#read(wanted);
    await this.#change(present, wanted);
    if (present === undefined) return [`add table ${wanted.family} ${wanted.name}`];
    return changeTable(present, wanted).split("\n").slice(0, -1);
  }

  /** Succeeds where there is none. */
  async remove(table: Pick<NftTable, "family" | "name">): Promise<void> {
    this.#believed = undefined;
    await this.#rules.change(removeTable(table));
  }

  async #read(wanted: NftTable): Promise<PresentTable | undefined> {
    const listing = await this.#rules.list(wanted);
    return listing === undefined ? undefined : presentTable(listing);
  }

  async #change(present: PresentTable | undefined, wanted: NftTable): Promise<void> {
    this.#believed = undefined;
    await this.#rules.change(
      present === undefined ? replaceTable(wanted) : changesOnce(present, wanted),
    );
    this.#believed = formOnce(wanted);
  }
}

/**
 * Many tasks have the same table, and change it in the same way: what a change takes is worked out
 * once for all of them.
 */
const forms = new WeakMap<NftTable, PresentTable>();
const changes = new WeakMap<PresentTable, WeakMap<NftTable, string>>();

function formOnce(wanted: NftTable): PresentTable {
  const form = forms.get(wanted) ?? presentForm(wanted);
  forms.set(wanted, form);
  return form;
}

function changesOnce(present: PresentTable, wanted: NftTable): string {
  const known = changes.get(present) ?? new WeakMap<NftTable, string>();
  changes.set(present, known);
  const text = known.get(wanted) ?? changeTable(present, wanted);
  known.set(wanted, text);
  return text;
}
