/**
 * One copy of texts that many objects share: the ids of services and nodes in a hundred
 * thousand tasks, and messages such as "started". A decoder makes a new string each time; the
 * tables would keep them all.
 */

/** Entries kept before the table starts afresh: services, nodes and messages of a large cluster. */
const INTERNED_MAX = 20_000;
/** Longer texts are one task's own, and rarely said twice. */
const INTERNED_LENGTH_MAX = 128;

const interned = new Map<string, string>();

/** A string equal to `text`, the same one as last time where it was seen before. */
export function intern(text: string): string {
  if (text.length > INTERNED_LENGTH_MAX) return text;
  const known = interned.get(text);
  if (known !== undefined) return known;
  if (interned.size >= INTERNED_MAX) interned.clear();
  interned.set(text, text);
  return text;
}
