/** What a command is: its flags, its arguments, and what it does with them. */
import type { CompletionSource } from "./completion/sources.js";
import type { CommandContext } from "./context.js";
import { UsageError } from "./errors.js";
import type { FlagSet, FlagValues } from "./flags/flag.js";
import { type FlagPlace, parseLine } from "./flags/parse-line.js";

export interface ArgumentCount {
  readonly min: number;
  readonly max: number;
}

export const NO_ARGUMENTS: ArgumentCount = { min: 0, max: 0 };
export const ONE_ARGUMENT: ArgumentCount = { min: 1, max: 1 };
export const SOME_ARGUMENTS: ArgumentCount = { min: 1, max: Infinity };
export const ANY_ARGUMENTS: ArgumentCount = { min: 0, max: Infinity };

export interface CommandDefinition<F extends FlagSet> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What `--help` shows after the command's path: `[OPTIONS] SERVICE`. */
  readonly synopsis: string;
  readonly arguments: ArgumentCount;
  readonly completion?: CompletionSource;
  readonly flags: F;
  readonly flagPlace?: FlagPlace;
  run(
    context: CommandContext,
    line: { readonly flags: FlagValues<F>; readonly args: readonly string[] },
  ): Promise<void>;
}

/** A command whose flags' types only it knows. */
export interface Command {
  readonly kind: "command";
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly synopsis: string;
  readonly arguments: ArgumentCount;
  readonly completion: CompletionSource;
  readonly flags: FlagSet;
  readonly flagPlace: FlagPlace;
  /** Reads the words after the command and runs it; "help" when they ask for that instead. */
  execute(
    context: CommandContext,
    words: readonly string[],
    commandPath: string,
  ): Promise<"done" | "help">;
}

/** What verbs stand under: `service`, and within it `plan`. */
export interface Noun {
  readonly kind: "noun";
  readonly name: string;
  readonly summary: string;
  load(): Promise<readonly Verb[]>;
}

export type Verb = Command | Noun;

export function defineCommand<F extends FlagSet>(definition: CommandDefinition<F>): Command {
  const flagPlace = definition.flagPlace ?? "anywhere";
  return {
    kind: "command",
    aliases: [],
    completion: { kind: "none" },
    ...definition,
    flagPlace,
    async execute(context, words, commandPath) {
      const grammar = { flags: definition.flags, place: flagPlace, commandPath };
      const line = parseLine(words, grammar);
      if (line.help) return "help";
      checkArguments(line.args, definition.arguments, commandPath);
      await definition.run(context, line);
      return "done";
    },
  };
}

function checkArguments(args: readonly string[], count: ArgumentCount, commandPath: string): void {
  if (args.length >= count.min && args.length <= count.max) return;
  throw new UsageError(`'${commandPath}' ${requirement(count)} (see '${commandPath} --help')`);
}

function requirement({ min, max }: ArgumentCount): string {
  if (max === 0) return "accepts no arguments";
  const noun = min === 1 ? "argument" : "arguments";
  return min === max ? `requires ${min} ${noun}` : `requires at least ${min} ${noun}`;
}
