/**
 * Runs a command line program in tests as a user would: to its end, beside
 * the test, or in a terminal.
 */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is on its way: what it says can be waited for, what it hears can be sent. */
export interface RunningCommand {
  readonly finished: Promise<CommandResult>;
  send(text: string): void;
  endInput(): void;
  /** Resolves when its output matches; rejects when it ends before. */
  says(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** A program with the settings it is always run with. */
export interface CommandLine {
  /** @param input what it reads; nothing unless given. */
  run(args: readonly string[], input?: string | Buffer): Promise<CommandResult>;
  /** As `run`, and fails where the command does. */
  output(args: readonly string[]): Promise<string>;
  start(args: readonly string[]): RunningCommand;
  /** In a terminal of its own. */
  startInTerminal(args: readonly string[]): RunningCommand;
}

/**
 * A terminal made by `script` has no width, and docker draws bars only where there
 * are more than 110 columns.
 */
const TERMINAL_COLUMNS = 160;

/** @param program what is run and the arguments that always come first. */
export function commandLine(
  program: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): CommandLine {
  const [path, ...first] = program;
  const start = (args: readonly string[]): RunningCommand => follow(path, [...first, ...args], env);
  const run = (args: readonly string[], input?: string | Buffer): Promise<CommandResult> =>
    follow(path, [...first, ...args], env, input ?? "").finished;
  const startInTerminal = (args: readonly string[]): RunningCommand => {
    const line = [...program, ...args].map(quoted).join(" ");
    return follow(
      "script",
      ["-qec", `stty cols ${TERMINAL_COLUMNS}; exec ${line}`, "/dev/null"],
      env,
    );
  };
  return {
    run,
    start,
    startInTerminal,
    output: async (args) => {
      const { code, stdout, stderr } = await run(args);
      if (code !== 0) throw new Error(`${args.join(" ")}: exit ${String(code)}: ${stderr}`);
      return stdout.trim();
    },
  };
}

function follow(
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: string | Buffer,
): RunningCommand {
  const child = spawn(path, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined); // a command need not read all that it is given
  if (input !== undefined) child.stdin.end(input);
  const said = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const collect = (stream: Readable, name: "stdout" | "stderr"): void => {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      for (const check of waiting) check();
    });
  };
  collect(child.stdout, "stdout");
  collect(child.stderr, "stderr");
  let ended = false;
  const finished = new Promise<CommandResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      ended = true;
      for (const check of waiting) check();
      resolve({ code, ...said });
    });
  });
  return {
    finished,
    send: (text) => child.stdin.write(text),
    endInput: () => child.stdin.end(),
    kill: (signal) => child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(said.stdout)) resolve();
          else if (ended)
            reject(new Error(`ended without ${String(pattern)}: ${JSON.stringify(said)}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
