/**
 * A table of nftables as a plain value, how it is written, and what has to be said to turn the one
 * that is there into the one that is wanted. What is said is one file, and the kernel takes a file
 * whole or not at all.
 *
 * A definition that changes (the type of a set, the hook of a chain) gets another name, so that
 * only elements and rules differ between two tables of the same name.
 */
import { hashText, stableHash } from "../../../shared/model/stable-hash.js";

export interface NftTable {
  readonly family: "ip" | "ip6";
  readonly name: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

export interface NftSet {
  readonly kind: "set" | "map";
  /** What stands between the braces before the elements: its type, and flags. */
  readonly definition: string;
  /** From the key to the value; a plain set's values are empty. Both as nft writes them. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface NftChain {
  /** `type nat hook output priority -100; policy accept;`, empty for one that is only jumped to. */
  readonly hook: string;
  readonly rules: readonly string[];
}

/** What the kernel shows of a table: of a rule, only which one it is. */
export interface PresentTable {
  readonly sets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** From the chain to the digests of its rules, in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/** In the place of the digest of a rule that somebody else wrote. */
export const FOREIGN_RULE = "foreign";

/** A line of elements stays readable, and far below what nft takes in one. */
const ELEMENTS_PER_COMMAND = 500;

/** How a rule is told from others when the kernel is asked: it carries this as a comment. */
function ruleDigest(rule: string): string {
  return hashText(stableHash(rule));
}

export function presentForm(table: NftTable): PresentTable {
  return {
    sets: new Map([...table.sets].map(([name, { elements }]) => [name, elements])),
    chains: new Map([...table.chains].map(([name, { rules }]) => [name, rules.map(ruleDigest)])),
  };
}

/** Puts the table in the place of whatever is there under its name. */
export function replaceTable(table: NftTable): string {
  const { family, name } = table;
  const whole = changeTable({ sets: new Map(), chains: new Map() }, table);
  return `${removeTable(table)}add table ${family} ${name}\n${whole}`;
}

/** Succeeds where there is none. */
export function removeTable({ family, name }: Pick<NftTable, "family" | "name">): string {
  return `add table ${family} ${name}\ndelete table ${family} ${name}\n`;
}

/**
 * From `present` to `wanted`; empty where they are the same. What is referred to comes before what
 * refers to it, and goes after it.
 */
export function changeTable(present: PresentTable, wanted: NftTable): string {
  const at = `${wanted.family} ${wanted.name}`;
  const lines: string[] = [];
  for (const [name, { kind, definition }] of wanted.sets) {
    if (!present.sets.has(name)) lines.push(`add ${kind} ${at} ${name} { ${definition}; }`);
  }
  for (const [name, { hook }] of wanted.chains) {
    if (present.chains.has(name)) continue;
    lines.push(hook === "" ? `add chain ${at} ${name}` : `add chain ${at} ${name} { ${hook} }`);
  }
  for (const [name, elements] of present.sets) {
    const outdated = elementsBeside(elements, wanted.sets.get(name)?.elements);
    lines.push(...elementCommands(`delete element ${at} ${name}`, outdated, "keys"));
  }
  lines.push(...ruleCommands(at, present, wanted));
  for (const [name, { elements }] of wanted.sets) {
    const missing = elementsBeside(elements, present.sets.get(name));
    lines.push(...elementCommands(`add element ${at} ${name}`, missing, "pairs"));
  }
  lines.push(...leftovers(at, present, wanted));
  return lines.map((line) => `${line}\n`).join("");
}

/** Those that the other has not, or not with this value. Tens of thousands may be the same in both. */
function elementsBeside(
  elements: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string> | undefined,
): [string, string][] {
  const found: [string, string][] = [];
  for (const [key, value] of elements) {
    if (other?.get(key) !== value) found.push([key, value]);
  }
  return found;
}

function elementCommands(
  command: string,
  elements: readonly (readonly [string, string])[],
  form: "keys" | "pairs",
): string[] {
  const texts = elements.map(([key, value]) =>
    form === "keys" || value === "" ? key : `${key} : ${value}`,
  );
  const commands: string[] = [];
  for (let from = 0; from < texts.length; from += ELEMENTS_PER_COMMAND) {
    const some = texts.slice(from, from + ELEMENTS_PER_COMMAND);
    commands.push(`${command} { ${some.join(", ")} }`);
  }
  return commands;
}

function ruleCommands(at: string, present: PresentTable, wanted: NftTable): string[] {
  return [...wanted.chains].flatMap(([name, { rules }]) => {
    const there = present.chains.get(name) ?? [];
    const digests = rules.map(ruleDigest);
    if (digests.length === there.length && digests.every((digest, i) => digest === there[i])) {
      return [];
    }
    const flush = there.length === 0 ? [] : [`flush chain ${at} ${name}`];
    const added = rules.map((rule, i) => `add rule ${at} ${name} ${rule} comment "${digests[i]}"`);
    return [...flush, ...added];
  });
}

/** Rules first: they hold the sets and chains that they name. */
function leftovers(at: string, present: PresentTable, wanted: NftTable): string[] {
  const chains = [...present.chains.keys()].filter((name) => !wanted.chains.has(name));
  const sets = [...present.sets.keys()].filter((name) => !wanted.sets.has(name));
  return [
    ...chains.map((name) => `flush chain ${at} ${name}`),
    ...chains.map((name) => `delete chain ${at} ${name}`),
    ...sets.map((name) => `delete set ${at} ${name}`),
  ];
}
