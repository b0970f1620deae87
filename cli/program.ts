/**
 * From the words of a command line to an exit status: finds the command, runs it, and says in a line
 * what went wrong.
 */
import { ClusterError } from "../shared/errors/cluster-error.js";
import type { Clock } from "../shared/ports/clock.js";
import { API_VERSION, Client } from "./client.js";
import type { Command } from "./command.js";
import { COMMAND_TREE, findVerb, type Noun } from "./command-tree.js";
import type { CommandContext, Environment, OutputStream } from "./context.js";
import { chooseAddress, parseAddress } from "./endpoint.js";
import { exitStatusOf, UsageError } from "./errors.js";
import { type FlagSet, text } from "./flags/flag.js";
import { toggle } from "./flags/numbers.js";
import { parseLine } from "./flags/parse-line.js";
import { commandHelp, nounHelp, programHelp } from "./help.js";
import { programVersion } from "./version.js";

const PROGRAM = "skep";

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
    surroundings.stdout.write(`Skep version ${programVersion()}\n`);
    return;
  }
  const [name, ...rest] = line.args[0] === "help" ? [...line.args.slice(1), "--help"] : line.args;
  if (name === undefined || name === "--help" || line.help) {
    surroundings.stdout.write(rootHelp(surroundings));
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
    await dispatchNoun(entry, rest, surroundings, execute);
  }
}

async function dispatchNoun(
  noun: Noun,
  words: readonly string[],
  surroundings: Surroundings,
  execute: (command: Command, words: readonly string[], path: string) => Promise<void>,
): Promise<void> {
  const path = `${PROGRAM} ${noun.name}`;
  const commands = await noun.load();
  const [verb, ...rest] = words;
  if (verb === undefined || verb === "--help" || verb === "-h") {
    surroundings.stdout.write(nounHelp(path, noun.summary, commands));
    return;
  }
  const command = findVerb(commands, verb);
  if (command === undefined) {
    throw new UsageError(`unknown command: ${path} ${verb} (see '${path} --help')`);
  }
  await execute(command, rest, `${path} ${command.name}`);
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
  const { env } = surroundings;
  const endpoint = parseAddress(chooseAddress(line.host, env));
  const client = new Client({
    endpoint,
    apiVersion: env["DOCKER_API_VERSION"] ?? API_VERSION,
    signal: surroundings.interrupted,
  });
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

function rootHelp(surroundings: Surroundings): string {
  const nouns = COMMAND_TREE.filter(({ kind }) => kind === "noun");
  const commands = COMMAND_TREE.filter(({ kind }) => kind === "command");
  return programHelp({ nouns, commands }, GLOBAL_FLAGS, surroundings.stdout.columns);
}
