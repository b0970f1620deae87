/** The real log: JSON lines through pino. */
import { pino } from "pino";

import type { Logger } from "./logger.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @param destination a file descriptor or path; standard error unless told. */
export function pinoLogger(level: LogLevel, destination: number | string = 2): Logger {
  return pino({ level, base: null }, pino.destination({ dest: destination, sync: true }));
}
