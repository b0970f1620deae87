/** The story of a run, for who looks into a failure: told only where somebody listens. */
import type { LogFields } from "../../../shared/ports/logger.js";
import type { Timeline } from "./timeline.js";

export interface Trace {
  say(what: string): void;
  log(who: string, message: string, fields: LogFields): void;
}

/** @param tell undefined: nobody listens. */
export function traceOf(world: Timeline, tell: ((line: string) => void) | undefined): Trace {
  if (tell === undefined) return { say: () => undefined, log: () => undefined };
  const say = (what: string): void => {
    tell(`${world.nowMs.toFixed(2).padStart(9)}  ${what}`);
  };
  return {
    say,
    log: (who, message, fields) => say(`${who}: ${message} ${JSON.stringify(fields, plain)}`),
  };
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
