/**
 * Reads the files of test vectors: a command, its input, and what is expected of it.
 *
 * ```
 * # comment
 * command positional key=value key=(v1,v2)
 * input
 * ----
 * expected, up to the next blank line
 * ```
 */
import { readFileSync } from "node:fs";

export interface Case {
  /** Of the command. */
  readonly line: number;
  readonly command: string;
  readonly positional: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly input: string;
  readonly expected: string;
}

const SEPARATOR = "----";

export function readCases(path: string): Case[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const cases: Case[] = [];
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? "";
    if (text.trim() === "" || text.startsWith("#")) continue;
    const separator = lines.indexOf(SEPARATOR, at);
    if (separator === -1) throw new Error(`${path}:${at + 1}: a command without ${SEPARATOR}`);
    const { expected, end } = expectedAfter(lines, separator);
    const input = lines.slice(at + 1, separator).join("\n");
    cases.push({ line: at + 1, ...parseCommand(text), input, expected });
    at = end;
  }
  return cases;
}

/** With a second separator the expected text may have blank lines, and two of them end it. */
function expectedAfter(
  lines: readonly string[],
  separator: number,
): { readonly expected: string; readonly end: number } {
  const doubled = lines[separator + 1] === SEPARATOR;
  const from = separator + (doubled ? 2 : 1);
  const stop = lines.indexOf(doubled ? SEPARATOR : "", from);
  const end = stop === -1 ? lines.length : stop;
  return { expected: lines.slice(from, end).join("\n"), end: doubled ? end + 1 : end };
}

function parseCommand(text: string): Pick<Case, "command" | "positional" | "options"> {
  const words = [...text.matchAll(/([^\s=]+)(?:=(\([^)]*\)|\S+))?/g)];
  const options = new Map<string, readonly string[]>();
  const positional: string[] = [];
  for (const [, name = "", value] of words) {
    if (value === undefined) positional.push(name);
    else options.set(name, listOf(value));
  }
  const [command = "", ...rest] = positional;
  return { command, positional: rest, options };
}

function listOf(value: string): string[] {
  if (!value.startsWith("(")) return [value];
  return value
    .slice(1, -1)
    .split(/[\s,]+/)
    .filter((item) => item !== "");
}
