/**
 * A flag as data: what it is called, what it takes and how its text is read. The same table serves
 * the parser, `--help` and shell completion.
 */
import type { CompletionSource } from "../completion/sources.js";

export interface Flag<T> {
  /** One letter, without its dash. */
  readonly short?: string | undefined;
  /** What `--help` calls its value (`string`, `list`, …); a switch has none. */
  readonly takes?: string | undefined;
  readonly summary: string;
  readonly completion?: CompletionSource | undefined;
  /**
   * @param before the value so far, for flags that may be given several times.
   * @throws BadValueError
   */
  parse(text: string, before: T | undefined): T;
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>;

/** What was given: a flag that was not is absent, which an update takes for "leave as it is". */
export type FlagValues<F extends FlagSet> = {
  readonly [Name in keyof F]?: F[Name] extends Flag<infer T> ? T : never;
};

export interface FlagOptions {
  readonly short?: string;
  readonly completion?: CompletionSource;
}

/** A flag of which the last value counts. */
export function single<T>(
  takes: string,
  summary: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<T> {
  return { ...options, takes, summary, parse: (text) => parse(text) };
}

/** A flag that may be given several times, each adding to the list. */
export function many<T>(
  takes: string,
  summary: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<T[]> {
  return {
    ...options,
    takes,
    summary,
    parse: (text, before = []) => [...before, parse(text)],
  };
}

export function text(summary: string, options: FlagOptions = {}): Flag<string> {
  return single("string", summary, (given) => given, options);
}

export function list(summary: string, options: FlagOptions = {}): Flag<string[]> {
  return many("list", summary, (given) => given, options);
}
