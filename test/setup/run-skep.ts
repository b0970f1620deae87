/** Runs the command line's own program within a test, against whatever answers at an address. */
import type { OutputStream } from "../../cli/context.js";
import { BadValueError } from "../../cli/errors.js";
import { runProgram } from "../../cli/program.js";
import type { Clock } from "../../shared/ports/clock.js";
import { systemClock } from "../../shared/ports/system-clock.js";

export interface SkepRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SkepOptions {
  readonly socketPath: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Width of the terminal that stdout is; no terminal unless given. */
  readonly columns?: number;
  /** By path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly interrupted?: AbortSignal;
}

const COLUMNS_WITHOUT_TERMINAL = 80;

/** What was written, and to whom. */
export class WrittenStream implements OutputStream {
  text = "";
  readonly isTerminal: boolean;
  readonly columns: number;

  constructor(columns?: number) {
    this.isTerminal = columns !== undefined;
    this.columns = columns ?? COLUMNS_WITHOUT_TERMINAL;
  }

  write(text: string): void {
    this.text += text;
  }
}

export async function runSkep(words: readonly string[], options: SkepOptions): Promise<SkepRun> {
  const stdout = new WrittenStream(options.columns);
  const stderr = new WrittenStream();
  const status = await runProgram(words, {
    stdout,
    stderr,
    env: { SKEP_HOST: `unix://${options.socketPath}`, ...options.env },
    clock: options.clock ?? systemClock,
    interrupted: options.interrupted ?? new AbortController().signal,
    readFile: (path) => {
      const contents = options.files?.[path];
      if (contents === undefined) throw new BadValueError(`cannot read ${path}: no such file`);
      return contents;
    },
  });
  return { status, stdout: stdout.text, stderr: stderr.text };
}
