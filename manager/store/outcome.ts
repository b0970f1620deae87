/** What a command came to, as its caller hears it. */
import { ClusterError, type ErrorCode } from "../../shared/errors/cluster-error.js";
import type { Refusal } from "./core/apply.js";
import type { RequestOutcome } from "./core/requests.js";
import type { UpdateOptions } from "./store-access.js";

/** A command that was refused when it was applied, now or when its request came the first time. */
export class RefusedError extends ClusterError {
  readonly code: ErrorCode;

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.message, { cause });
    this.code = refusal.code;
  }
}

/** @throws RefusedError the request failed the first time. */
export function answerOf<T>(outcome: RequestOutcome, options: UpdateOptions<T>): T {
  if (outcome.error !== undefined) throw new RefusedError(outcome.error);
  return options.replay(outcome);
}
