#!/usr/bin/env node
/** `skep`, the command line: gives the program this process's terminal, environment and signals. */
import { readFileSync } from "node:fs";

import { systemClock } from "../shared/ports/system-clock.js";
import type { OutputStream } from "./context.js";
import { BadValueError } from "./errors.js";
import { runProgram } from "./program.js";

const COLUMNS_WITHOUT_TERMINAL = 80;

const interruption = new AbortController();

process.once("SIGINT", () => {
  // The second Ctrl-C ends the process as usual, whatever still runs.
  interruption.abort(new Error("interrupted"));
});

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  env: process.env,
  clock: systemClock,
  interrupted: interruption.signal,
  readFile,
});

function outputOf(stream: NodeJS.WriteStream): OutputStream {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone (`skep service ls | head -1`): nobody is left to write to.
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : COLUMNS_WITHOUT_TERMINAL;
    },
  };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new BadValueError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
