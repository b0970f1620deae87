/** Several loops as one: they begin together and end together. */

/**
 * Runs all until `signal` aborts; where one fails the others are ended before its error is thrown.
 */
export async function allOrNone(
  signal: AbortSignal,
  loops: readonly ((until: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const controller = new AbortController();
  const end = (): void => {
    controller.abort(signal.reason);
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  const running = loops.map(async (loop) => {
    try {
      await loop(controller.signal);
    } catch (cause) {
      controller.abort(cause);
      throw cause;
    }
  });
  const ends = await Promise.allSettled(running);
  signal.removeEventListener("abort", end);
  const failed = ends.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
