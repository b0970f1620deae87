/** How soon a peer that did not answer is dialled again: soon, and not by everybody at once. */
import type { Random } from "../../../shared/ports/random.js";

const AT_LEAST_MS = 100;
const AT_MOST_MS = 500;

export function redialDelayMs(random: Random): number {
  return AT_LEAST_MS + random.below(AT_MOST_MS - AT_LEAST_MS);
}
