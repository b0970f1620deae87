import { expect, test } from "vitest";

import type { TaskId } from "../../../shared/model/ids.js";
import type { EngineEvent } from "../engine.js";
import { besideChanges } from "./engine-events.js";

const TASK: EngineEvent = { kind: "task", taskId: "t" as TaskId };

/** Resolves with the signal that it was given, or when told. */
class Changes {
  #tell: () => void = () => undefined;

  readonly next = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.#tell = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });

  tell(): void {
    this.#tell();
  }
}

/** Says what it is told to, then waits for the signal. */
async function* eventsUntil(
  signal: AbortSignal,
  ...events: readonly EngineEvent[]
): AsyncIterable<EngineEvent> {
  yield* events;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

test("changes are told between events, however many there are, until the end", async () => {
  const stop = new AbortController();
  const changes = new Changes();
  const seen: string[] = [];
  for await (const event of besideChanges(
    eventsUntil(stop.signal, TASK, TASK),
    changes.next,
    stop.signal,
  )) {
    seen.push(event.kind);
    if (seen.length === 4) stop.abort();
    else if (seen.length >= 2) queueMicrotask(() => changes.tell());
  }
  expect(seen).toEqual(["task", "task", "resync", "resync"]);
});

test("who turns away in the middle waits for nobody", async () => {
  const stop = new AbortController();
  const changes = new Changes();
  for await (const event of besideChanges(
    eventsUntil(stop.signal, TASK),
    changes.next,
    stop.signal,
  )) {
    if (event.kind === "resync") break;
    queueMicrotask(() => changes.tell());
  }
  stop.abort();
});
