/**
 * From the words of a command line to an exit status: finds the command, runs it, and says
 * in a line what went wrong.
 */
import { ClusterError } from "../shared/errors/cluster-error.js";
import type { Clock } from "../shared/ports/clock.js";
import { SKEP_VERSION } from "../shared/skep-version.js";
import { API_VERSION, Client } from "./client.js";
import type { Command, Noun } from "./command.js";
import { COMMAND_TREE, findVerb } from "./command-tree.js";
import type { CommandContext, Environment, OutputStream } from "./context.js";
import { chooseAddress, parseAddress } from "./endpoint.js";
import { exitStatusOf, UsageError } from "./errors.js";
import { type FlagSet, text } from "./flags/flag.js";
import { toggle } from "./flags/numbers.js";
import { parseLine } from "./flags/parse-line.js";
import { commandHelp, nounHelp, programHelp } from "./help.js";

const PROGRAM = "skep";

/** Not in `--help`: the scripts of `skep completion` call it. */
const COMPLETE_WORD = "__complete";

const GLOBAL_FLAGS = {
  host: text(
    "Address of skepd: unix:///path or tcp://host:port (default $SKEP_HOST, $DOCKER_HOST, or unix:///run/skep/skep.sock)",
    { short: "H" },
  ),
  version: toggle("Print version information and quit", { short: "v" }),
} satisfies FlagSet;

/** What the process gives the program; a test gives its own. */
export interface Surroundings {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  readonly clock: Clock;
  readonly interrupted: AbortSignal;
  /** @throws BadValueError */
  readFile(path: string): string;
}

/** @returns the exit status */
export async function runProgram(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  try {
    await dispatch(words, surroundings);
    return 0;
  } catch (error) {
    if (surroundings.interrupted.aborted && error === surroundings.interrupted.reason) {
      return EXIT_INTERRUPTED;
    }
    // Anything else is a bug of ours: it rises, and Node prints where it is.
    if (!(error instanceof ClusterError)) throw error;
    surroundings.stderr.write(`${error.message}\n`);
    return exitStatusOf(error);
  }
}

/** 128 + SIGINT, as a shell reports a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

async function dispatch(words: readonly string[], surroundings: Surroundings): Promise<void> {
  const line = parseLine(words, {
    flags: GLOBAL_FLAGS,
    place: "before-arguments",
    commandPath: PROGRAM,
  });
  if (line.flags.version === true) {
    surroundings.stdout.write(`Skep version ${SKEP_VERSION}\n`);
    return;
  }
  const [name, ...rest] = line.args[0] === "help" ? [...line.args.slice(1), "--help"] : line.args;
  if (name === undefined || name === "--help" || line.help) {
    surroundings.stdout.write(rootHelp(surroundings));
    return;
  }
  if (name === COMPLETE_WORD) {
    await printCompletion(rest, line.flags.host, surroundings);
    return;
  }
  const entry = COMMAND_TREE.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    throw new UsageError(`unknown command: ${PROGRAM} ${name} (see '${PROGRAM} --help')`);
  }
  const execute = async (command: Command, commandWords: readonly string[], path: string) =>
    runCommand(command, { words: commandWords, path, host: line.flags.host }, surroundings);
  if (entry.kind === "command") {
    await execute(await entry.load(), rest, `${PROGRAM} ${name}`);
  } else {
    await dispatchNoun(entry, { words: rest, path: `${PROGRAM} ${name}` }, surroundings, execute);
  }
}

async function dispatchNoun(
  noun: Noun,
  { words, path }: { readonly words: readonly string[]; readonly path: string },
  surroundings: Surroundings,
  execute: (command: Command, words: readonly string[], path: string) => Promise<void>,
): Promise<void> {
  const verbs = await noun.load();
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h") {
    surroundings.stdout.write(nounHelp(path, noun.summary, verbs));
    return;
  }
  const verb = findVerb(verbs, name);
  if (verb === undefined) {
    throw new UsageError(`unknown command: ${path} ${name} (see '${path} --help')`);
  }
  const verbPath = `${path} ${verb.name}`;
  if (verb.kind === "command") await execute(verb, rest, verbPath);
  else await dispatchNoun(verb, { words: rest, path: verbPath }, surroundings, execute);
}

async function runCommand(
  command: Command,
  line: {
    readonly words: readonly string[];
    readonly path: string;
    readonly host: string | undefined;
  },
  surroundings: Surroundings,
): Promise<void> {
  const client = clientFor(line.host, surroundings);
  const context: CommandContext = { ...surroundings, client };
  try {
    const outcome = await command.execute(context, line.words, line.path);
    if (outcome === "help") {
      surroundings.stdout.write(commandHelp(line.path, command, surroundings.stdout.columns));
    }
  } finally {
    client.close();
  }
}

async function printCompletion(
  words: readonly string[],
  host: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const [{ complete }, { namesFromDaemon }] = await Promise.all([
    import("./completion/complete.js"),
    import("./completion/names.js"),
  ]);
  const { env, clock, stdout } = surroundings;
  const client = clientFor(hostIn(words) ?? host, surroundings);
  try {
    const { candidates, then } = await complete(words, {
      env,
      globalFlags: GLOBAL_FLAGS,
      namesOf: (object) => namesFromDaemon(client, clock, object),
    });
    stdout.write(candidates.map(({ word, summary }) => `${word}\t${summary}\n`).join(""));
    stdout.write(`:${then}\n`);
  } finally {
    client.close();
  }
}

/** The daemon that the line being typed would talk to. */
function hostIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === "-H" || word === "--host");
  return at < 0 ? undefined : words[at + 1];
}

function clientFor(host: string | undefined, { env, interrupted }: Surroundings): Client {
  return new Client({
    endpoint: parseAddress(chooseAddress(host, env)),
    apiVersion: env["DOCKER_API_VERSION"] ?? API_VERSION,
    signal: interrupted,
  });
}

function rootHelp(surroundings: Surroundings): string {
  const nouns = COMMAND_TREE.filter(({ kind }) => kind === "noun");
  const commands = COMMAND_TREE.filter(({ kind }) => kind === "command");
  return programHelp({ nouns, commands }, GLOBAL_FLAGS, surroundings.stdout.columns);
}
