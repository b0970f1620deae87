/**
 * Everything outside the program that a command may touch: the terminal, the environment, files,
 * time and the daemon. A test makes one of its own.
 */
import type { Clock } from "../shared/ports/clock.js";
import type { Client } from "./client.js";

export interface OutputStream {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width in characters; meaningless unless `isTerminal`. */
  readonly columns: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandContext {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  readonly clock: Clock;
  /** Connects at the first request. */
  readonly client: Client;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** @throws BadValueError */
  readFile(path: string): string;
}

export function printLine(stream: OutputStream, line: string): void {
  stream.write(`${line}\n`);
}
