/** Whether a host's engine answers its agent. While it does not, nothing is known of its tasks. */
export type EngineHealth =
  | { readonly kind: "answers" }
  /** `reason`: in the words of who could not reach it. */
  | { readonly kind: "away"; readonly reason: string };
