/**
 * Reads what `nft -j list table` prints into the form that `changeTable` compares: the names and
 * elements of sets and maps, and which rules each chain has. Rules are known by the digest in their
 * comment; a rule without one was written by somebody else.
 */
import { FOREIGN_RULE, type PresentTable } from "./nft-table.js";

type Json = Readonly<Record<string, unknown>>;

/** @param listing the parsed output; undefined where there is no such table */
export function presentTable(listing: unknown): PresentTable {
  const sets = new Map<string, ReadonlyMap<string, string>>();
  const chains = new Map<string, string[]>();
  const entries = (listing as { readonly nftables?: readonly Json[] } | undefined)?.nftables ?? [];
  for (const entry of entries) {
    const set = (entry["set"] ?? entry["map"]) as Json | undefined;
    if (set !== undefined) sets.set(String(set["name"]), elementsOf(set));
    const chain = entry["chain"] as Json | undefined;
    if (chain !== undefined) chains.set(String(chain["name"]), []);
    const rule = entry["rule"] as Json | undefined;
    if (rule !== undefined) {
      const { comment = FOREIGN_RULE } = rule as { readonly comment?: string };
      chains.get(String(rule["chain"]))?.push(comment);
    }
  }
  return { sets, chains };
}

function elementsOf(set: Json): ReadonlyMap<string, string> {
  const isMap = set["map"] !== undefined;
  const elements = (set["elem"] ?? []) as readonly unknown[];
  return new Map(
    elements.map((element) => {
      if (!isMap) return [textOf(element), ""];
      const [key, value] = element as readonly [unknown, unknown];
      return [textOf(key), textOf(value)];
    }),
  );
}

/** As nft itself writes it in a ruleset. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { concat, prefix, elem, goto, jump } = value as {
    readonly concat?: readonly unknown[];
    readonly prefix?: { readonly addr: string; readonly len: number };
    readonly elem?: { readonly val: unknown };
    readonly goto?: { readonly target: string };
    readonly jump?: { readonly target: string };
  };
  if (concat !== undefined) return concat.map(textOf).join(" . ");
  if (prefix !== undefined) return `${prefix.addr}/${prefix.len}`;
  if (elem !== undefined) return textOf(elem.val);
  if (goto !== undefined) return `goto ${goto.target}`;
  if (jump !== undefined) return `jump ${jump.target}`;
  return JSON.stringify(value);
}
