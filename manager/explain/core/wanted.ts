/** What a user wants of a service, in a line. */
import type { Service } from "../../../shared/model/service.js";

export function wantedWords({ frame: { Mode: mode = {} } }: Service): string {
  if (mode.Global !== undefined) return "a task on every node that may run it";
  if (mode.GlobalJob !== undefined) return "one completion on every node that may run it";
  if (mode.ReplicatedJob !== undefined) {
    const { TotalCompletions: total = 1, MaxConcurrent: atOnce = 1 } = mode.ReplicatedJob;
    return `${count(total, "completion")}, ${atOnce} at a time`;
  }
  return count(mode.Replicated?.Replicas ?? 1, "replica");
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
