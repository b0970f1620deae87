/** Names for services that were declared without one. */
import type { Random } from "../../../shared/ports/random.js";

const QUALITIES = [
  "amber", "brave", "bright", "busy", "calm", "clever", "dusty", "eager", "early", "gentle", "golden",
  "honest", "humming", "keen", "lively", "mellow", "nimble", "patient", "quick", "quiet", "ready",
  "steady", "sunny", "swift", "tidy", "warm", "wild", "wise",
] as const; // prettier-ignore
const PLACES = [
  "acacia", "apple", "aster", "borage", "briar", "clover", "comb", "daisy", "fennel", "garden", "hazel",
  "heather", "hive", "lavender", "linden", "maple", "meadow", "mint", "orchard", "poppy", "rosemary",
  "sage", "thistle", "thyme", "tulip", "violet", "willow", "yarrow",
] as const; // prettier-ignore
/** Enough for a name that is taken to be rare; one that is taken is refused as any other. */
const NUMBERS = 10_000;

export function randomServiceName(random: Random): string {
  return `${pick(QUALITIES, random)}_${pick(PLACES, random)}${random.below(NUMBERS)}`;
}

function pick(words: readonly string[], random: Random): string {
  return words[random.below(words.length)] ?? "";
}
