/** Asking managers: any of them will do, so one that cannot be reached is passed over. */
import { ClusterError, type ErrorCode, UnavailableError } from "../shared/errors/cluster-error.js";
import type { Logger } from "../shared/ports/logger.js";

/** Another manager may know better; every other answer is an answer. */
const ASK_ANOTHER: readonly ErrorCode[] = ["unavailable", "no-leader"];

/**
 * Asks one after the other until one answers; a refusal by one is a refusal by all.
 * @throws UnavailableError where no address is known; what each of them said where none answered.
 */
export async function firstReachable<Answer>(
  addresses: readonly string[],
  logger: Logger,
  ask: (address: string) => Promise<Answer>,
): Promise<Answer> {
  const unreachable: ClusterError[] = [];
  for (const address of addresses) {
    try {
      return await ask(address);
    } catch (error) {
      if (!(error instanceof ClusterError) || !ASK_ANOTHER.includes(error.code)) throw error;
      logger.warn({ address, reason: error.message }, "a manager cannot be asked");
      unreachable.push(error);
    }
  }
  const [only = new UnavailableError("no manager's address is known"), ...more] = unreachable;
  if (more.length === 0) throw only;
  throw new UnavailableError(unreachable.map(({ message }) => message).join("; "));
}
