/** One of several, by chance. */
import type { Random } from "../../shared/ports/random.js";

/** @param items at least one */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}
