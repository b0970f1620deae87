/** Where the words come from that may stand at a place of the command line. */

/** Kinds of names that only the daemon knows. */
export const NAMED_OBJECTS = ["service", "task", "node", "network", "secret", "config"] as const;
export type NamedObject = (typeof NAMED_OBJECTS)[number];

export type CompletionSource =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "names"; readonly of: NamedObject; readonly suffix?: string }
  /** Names of variables of the caller's own environment. */
  | { readonly kind: "environment" }
  | { readonly kind: "files" }
  | { readonly kind: "none" };

export function words(...choices: readonly string[]): CompletionSource {
  return { kind: "words", words: choices };
}

export function namesOf(object: NamedObject): CompletionSource {
  return { kind: "names", of: object };
}
