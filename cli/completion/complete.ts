/**
 * What may stand next on a command line: commands, flags, the values of
 * flags, names from the daemon.
 */
import type { Command, Verb } from "../command.js";
import { COMMAND_TREE, findVerb } from "../command-tree.js";
import type { Environment } from "../context.js";
import type { Flag, FlagSet } from "../flags/flag.js";
import { cut } from "../flags/parse-line.js";
import type { CompletionSource, NamedObject } from "./sources.js";

export interface Candidate {
  readonly word: string;
  readonly summary: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** `files`: the shell's own completion; `no-space`: more of the same word follows. */
  readonly then: "space" | "no-space" | "files";
}

export interface CompletionContext {
  readonly env: Environment;
  readonly globalFlags: FlagSet;
  /** Empty when the daemon does not answer: a completion must not fail. */
  namesOf(object: NamedObject): Promise<readonly string[]>;
}

const NOTHING: Completion = { candidates: [], then: "space" };

/** @param words those after `skep`, the last of which is being typed and may be empty. */
export async function complete(
  words: readonly string[],
  context: CompletionContext,
): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const global = readFlags(before, context.globalFlags, "before-arguments");
  if (global.awaiting !== undefined) return valuesOf(global.awaiting, current, "", context);
  const [name, ...rest] = global.args;
  if (name === undefined) {
    return current.startsWith("-")
      ? flagNames(context.globalFlags, current)
      : among(COMMAND_TREE, current);
  }
  const entry = COMMAND_TREE.find((candidate) => candidate.name === name);
  if (entry === undefined) return NOTHING;
  if (entry.kind === "command") return completeCommand(await entry.load(), rest, current, context);
  return completeVerb(await entry.load(), rest, current, context);
}

async function completeVerb(
  verbs: readonly Verb[],
  [name, ...rest]: readonly string[],
  current: string,
  context: CompletionContext,
): Promise<Completion> {
  if (name === undefined) return among(verbs, current);
  const verb = findVerb(verbs, name);
  if (verb === undefined) return NOTHING;
  if (verb.kind === "command") return completeCommand(verb, rest, current, context);
  return completeVerb(await verb.load(), rest, current, context);
}

async function completeCommand(
  command: Command,
  before: readonly string[],
  current: string,
  context: CompletionContext,
): Promise<Completion> {
  const { args, awaiting } = readFlags(before, command.flags, command.flagPlace);
  if (awaiting !== undefined) return valuesOf(awaiting, current, "", context);
  // From the image on, the words are those of the container's own command.
  if (command.flagPlace === "before-arguments" && args.length > 0) {
    return { candidates: [], then: "files" };
  }
  if (current.startsWith("--") && current.includes("=")) {
    const [name, value = ""] = cut(current.slice(2), "=");
    const flag = Object.hasOwn(command.flags, name) ? command.flags[name] : undefined;
    return flag === undefined ? NOTHING : valuesOf(flag, value, `--${name}=`, context);
  }
  if (current.startsWith("-")) return flagNames(command.flags, current);
  if (args.length >= command.arguments.max) return NOTHING;
  const offered = await fromSource(command.completion, current, "", context);
  return { ...offered, candidates: offered.candidates.filter(({ word }) => !args.includes(word)) };
}

interface ReadWords {
  readonly args: readonly string[];
  /** The flag whose value comes next. */
  readonly awaiting: Flag<unknown> | undefined;
}

function readFlags(
  words: readonly string[],
  flags: FlagSet,
  place: Command["flagPlace"],
): ReadWords {
  const args: string[] = [];
  let awaiting: Flag<unknown> | undefined;
  for (const [index, word] of words.entries()) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (word.startsWith("-") && word !== "-") {
      awaiting = flagAwaitingValue(word, flags);
    } else {
      args.push(word);
      if (place === "before-arguments")
        return { args: [...args, ...words.slice(index + 1)], awaiting };
    }
  }
  return { args, awaiting };
}

function flagAwaitingValue(word: string, flags: FlagSet): Flag<unknown> | undefined {
  if (word.includes("=")) return undefined;
  const letter = word.slice(-1);
  const flag = word.startsWith("--")
    ? flags[word.slice(2)]
    : Object.values(flags).find(({ short }) => short === letter);
  return flag?.takes === undefined ? undefined : flag;
}

function valuesOf(
  flag: Flag<unknown>,
  current: string,
  prefix: string,
  context: CompletionContext,
): Promise<Completion> {
  return fromSource(flag.completion ?? { kind: "none" }, current, prefix, context);
}

async function fromSource(
  source: CompletionSource,
  current: string,
  prefix: string,
  context: CompletionContext,
): Promise<Completion> {
  const offer = (words: readonly string[], then: Completion["then"] = "space"): Completion => ({
    candidates: words
      .filter((word) => word.startsWith(current))
      .toSorted()
      .map((word) => ({ word: prefix + word, summary: "" })),
    then,
  });
  switch (source.kind) {
    case "words":
      return offer(source.words);
    case "names": {
      const names = await context.namesOf(source.of);
      const { suffix } = source;
      return suffix === undefined
        ? offer(names)
        : offer(
            names.map((name) => name + suffix),
            "no-space",
          );
    }
    case "environment":
      return offer(Object.keys(context.env));
    case "files":
      return { candidates: [], then: "files" };
    case "none":
      return NOTHING;
  }
}

function among(
  entries: readonly { readonly name: string; readonly summary: string }[],
  current: string,
): Completion {
  const candidates = entries
    .filter(({ name }) => name.startsWith(current))
    .map(({ name, summary }) => ({ word: name, summary }))
    .toSorted((a, b) => (a.word < b.word ? -1 : 1));
  return { candidates, then: "space" };
}

function flagNames(flags: FlagSet, current: string): Completion {
  const entries = Object.entries(flags).map(([name, { summary }]) => ({
    name: `--${name}`,
    summary,
  }));
  return among([...entries, { name: "--help", summary: "Print usage" }], current);
}
