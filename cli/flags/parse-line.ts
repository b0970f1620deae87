/**
 * Splits what follows a command into flags and arguments, by the rules of Go's `pflag`, which
 * Docker's users have in their fingers: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * `-n=value`, `-dq`, `--init=false`; `--` ends the flags. (The libraries of JavaScript give
 * switches no value, and take `--no-trunc` for the negative of `--trunc`.)
 */
import { BadValueError, FlagError } from "../errors.js";
import type { Flag, FlagSet, FlagValues } from "./flag.js";

/**
 * Flags anywhere, or only before the first argument: what follows an image is its command's own.
 */
export type FlagPlace = "anywhere" | "before-arguments";

export interface ParsedLine<F extends FlagSet> {
  readonly flags: FlagValues<F>;
  readonly args: readonly string[];
  /** `--help` or `-h` was given: nothing after it was read. */
  readonly help: boolean;
}

export interface LineGrammar<F extends FlagSet> {
  readonly flags: F;
  readonly place: FlagPlace;
  /** As the user types it (`skep service create`), for messages. */
  readonly commandPath: string;
}

/** @throws FlagError */
export function parseLine<F extends FlagSet>(
  words: readonly string[],
  grammar: LineGrammar<F>,
): ParsedLine<F> {
  const reader = new LineReader(words, grammar);
  reader.readAll();
  // Each value was made by the flag of its name.
  return { flags: reader.values as FlagValues<F>, args: reader.args, help: reader.help };
}

class LineReader {
  readonly values: Record<string, unknown> = {};
  readonly args: string[] = [];
  help = false;
  readonly #words: string[];
  readonly #grammar: LineGrammar<FlagSet>;

  constructor(words: readonly string[], grammar: LineGrammar<FlagSet>) {
    this.#words = [...words];
    this.#grammar = grammar;
  }

  readAll(): void {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === "--") {
        this.args.push(...this.#words);
        return;
      }
      if (word.startsWith("--")) this.#readLong(word);
      else if (word.startsWith("-") && word !== "-") this.#readShorts(word);
      else this.args.push(word);
      if (this.help) return;
      if (this.args.length > 0 && this.#grammar.place === "before-arguments") {
        this.args.push(...this.#words);
        return;
      }
    }
  }

  #readLong(word: string): void {
    const [name, given] = cut(word.slice(2), "=");
    if (name === "help") {
      this.help = true;
      return;
    }
    const flag = Object.hasOwn(this.#grammar.flags, name) ? this.#grammar.flags[name] : undefined;
    if (flag === undefined) throw this.#error(`unknown flag: --${name}`);
    this.#set(name, flag, given ?? this.#valueAfter(flag, `--${name}`));
  }

  #readShorts(word: string): void {
    let letters = word.slice(1);
    while (letters !== "") {
      const letter = letters.slice(0, 1);
      const rest = letters.slice(1);
      const [name, flag] = this.#byLetter(letter);
      if (flag === undefined) {
        if (letter !== "h") throw this.#error(`unknown shorthand flag: '${letter}' in ${word}`);
        this.help = true;
        return;
      }
      const attached = rest.startsWith("=") && letters.length > 2;
      if (attached || (flag.takes !== undefined && rest !== "")) {
        this.#set(name, flag, attached ? rest.slice(1) : rest);
        return;
      }
      this.#set(name, flag, this.#valueAfter(flag, `'${letter}' in ${word}`));
      letters = rest;
    }
  }

  #byLetter(letter: string): [name: string, flag: Flag<unknown> | undefined] {
    const found = Object.entries(this.#grammar.flags).find(([, flag]) => flag.short === letter);
    return found ?? ["", undefined];
  }

  /** A switch alone means true; any other flag takes the next word, whatever it looks like. */
  #valueAfter(flag: Flag<unknown>, shown: string): string {
    if (flag.takes === undefined) return "true";
    const next = this.#words.shift();
    if (next === undefined) throw this.#error(`flag needs an argument: ${shown}`);
    return next;
  }

  #set(name: string, flag: Flag<unknown>, given: string): void {
    try {
      this.values[name] = flag.parse(given, this.values[name]);
    } catch (cause) {
      if (!(cause instanceof BadValueError)) throw cause;
      throw this.#error(
        `invalid argument "${given}" for "${flagLabel(name, flag)}" flag: ${cause.message}`,
      );
    }
  }

  #error(message: string): FlagError {
    return new FlagError(message, this.#grammar.commandPath);
  }
}

/** `-e, --env`, or `--replicas` for a flag without a letter. */
function flagLabel(name: string, flag: Flag<unknown>): string {
  return flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
}

/** Go's `strings.Cut`: what stands before and after the first `separator`. */
export function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
