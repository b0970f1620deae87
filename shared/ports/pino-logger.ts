/** The real log: JSON lines through pino. */
import { pino } from "pino";

import type { Logger } from "./logger.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @param destination a file descriptor or path; standard error unless told. */
export function pinoLogger(level: LogLevel, destination: number | string = 2): Logger {
  // Without a serializer an Error prints as `{}`: its message is not enumerable.
  const serializers = { error: pino.stdSerializers.err };
  return pino(
    { level, base: null, serializers },
    pino.destination({ dest: destination, sync: true }),
  );
}
