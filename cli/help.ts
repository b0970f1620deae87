/** `--help`: the usage line, the flags, the commands of a noun; wrapped to the terminal. */
import type { Command } from "./command.js";
import type { Flag, FlagSet } from "./flags/flag.js";

/** Without a terminal, and at most in one: longer lines are hard to read. */
const WIDTH_MAX = 80;

export function commandHelp(commandPath: string, command: Command, width: number): string {
  const parentPath = commandPath.slice(0, commandPath.lastIndexOf(" "));
  const names = [command.name, ...command.aliases].map((name) => `${parentPath} ${name}`);
  return sections([
    `Usage:  ${commandPath}${command.synopsis === "" ? "" : ` ${command.synopsis}`}`,
    command.summary,
    names.length > 1 ? `Aliases:\n  ${names.join(", ")}` : "",
    Object.keys(command.flags).length > 0 ? `Options:\n${flagList(command.flags, width)}` : "",
  ]);
}

export interface Entry {
  readonly name: string;
  readonly summary: string;
}

export function nounHelp(commandPath: string, summary: string, commands: readonly Entry[]): string {
  return sections([
    `Usage:  ${commandPath} COMMAND`,
    summary,
    `Commands:\n${entryList(commands)}`,
    `Run '${commandPath} COMMAND --help' for more information on a command.`,
  ]);
}

export function programHelp(
  entries: { readonly nouns: readonly Entry[]; readonly commands: readonly Entry[] },
  globalFlags: FlagSet,
  width: number,
): string {
  return sections([
    "Usage:  skep [OPTIONS] COMMAND",
    "Run services on a swarm of hosts",
    `Management Commands:\n${entryList(entries.nouns)}`,
    `Commands:\n${entryList(entries.commands)}`,
    `Global Options:\n${flagList(globalFlags, width)}`,
    "Run 'skep COMMAND --help' for more information on a command.",
  ]);
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function entryList(entries: readonly Entry[]): string {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const nameWidth = Math.max(...sorted.map(({ name }) => name.length));
  return sorted.map(({ name, summary }) => `  ${name.padEnd(nameWidth)}  ${summary}`).join("\n");
}

function flagList(flags: FlagSet, width: number): string {
  const rows = Object.entries(flags)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({ left: leftColumn(name, flag), summary: flag.summary }));
  const leftWidth = Math.max(...rows.map(({ left }) => left.length)) + 3;
  const summaryWidth = Math.max(20, Math.min(width, WIDTH_MAX) - leftWidth);
  return rows
    .flatMap(({ left, summary }) =>
      wrap(summary, summaryWidth).map((line, index) =>
        `${(index === 0 ? left : "").padEnd(leftWidth)}${line}`.trimEnd(),
      ),
    )
    .join("\n");
}

function leftColumn(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `  ${short}--${name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
