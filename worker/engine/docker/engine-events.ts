/** The engine's event stream, read as hints which task to look at. */
import type { EngineEvent, EngineIdentity } from "../engine.js";
import { EngineUnavailableError } from "../engine-errors.js";
import { ownLabels, taskOf } from "./container-labels.js";
import type { EngineClient } from "./engine-client.js";

/**
 * The engine answers before it listens to itself: what happens between the two is replayed from a
 * little before. An event that is seen twice costs one look.
 */
const REPLAY_MS = 2_000;

interface ContainerEvent {
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

/** @throws EngineUnavailableError when the stream ends: only the engine's own end does that. */
export async function* containerEvents(
  client: EngineClient,
  options: { readonly identity: EngineIdentity; readonly sinceMs: number },
  signal: AbortSignal,
): AsyncIterable<EngineEvent> {
  const filters = {
    type: ["container"],
    event: ["die", "destroy", "health_status"],
    label: ownLabels(options.identity),
  };
  const since = ((options.sinceMs - REPLAY_MS) / 1000).toFixed(3);
  const query = { filters: JSON.stringify(filters), since };
  const events = await client.lines({ method: "GET", path: "/events", query }, signal);
  yield { kind: "resync" };
  for await (const event of events) {
    const taskId = taskOf((event as ContainerEvent).Actor?.Attributes, options.identity);
    if (taskId !== undefined) yield { kind: "task", taskId };
  }
  throw new EngineUnavailableError("the Docker engine ended its event stream");
}

/**
 * Says `resync` whenever `change` resolves, too: the host may offer something else then. Ends with `events`.
 * @param change asked again after each event
 */
export async function* besideChanges(
  events: AsyncIterable<EngineEvent>,
  change: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncIterable<EngineEvent> {
  const source = events[Symbol.asyncIterator]();
  let next = source.next();
  try {
    for (;;) {
      const event = await firstOf(next, change, signal);
      if (event === "changed") {
        yield { kind: "resync" };
        continue;
      }
      if (event.done === true) return;
      yield event.value;
      next = source.next();
    }
  } finally {
    // Its next word may be long in coming: whoever ends it does so by its signal.
    next.catch(() => undefined);
    void source.return?.();
  }
}

/** Whoever is not the first hears so: nothing is left of its waiting. */
async function firstOf<T>(
  next: Promise<T>,
  change: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<T | "changed"> {
  const over = new AbortController();
  const changed = change(AbortSignal.any([signal, over.signal])).then<T | "changed">(() =>
    signal.aborted ? next : ("changed" as const),
  );
  try {
    return await Promise.race([next, changed]);
  } finally {
    over.abort();
  }
}
