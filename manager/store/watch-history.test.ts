import { once } from "node:events";

import { describe, expect, test, vi } from "vitest";

import { WatchExpiredError } from "../../shared/errors/cluster-error.js";
import { sampleNode } from "../../test/store/samples.js";
import type { CommittedBatch } from "./store-access.js";
import { EVENTS_KEPT, WatchHistory } from "./watch-history.js";

function batch(sequence: number, events = 1): CommittedBatch {
  const event = { type: "node", after: sampleNode("n1") } as const;
  return { sequence, events: Array.from({ length: events }, () => event) };
}

function sequences(history: WatchHistory, after: number): number[] {
  const seen: number[] = [];
  history.watch(({ sequence }) => seen.push(sequence), after).close();
  return seen;
}

describe("what is kept for those who come back", () => {
  test("everything while there is room", () => {
    const history = new WatchHistory(0);
    for (let sequence = 1; sequence <= 5; sequence++) history.publish(batch(sequence));
    expect(sequences(history, 0)).toEqual([1, 2, 3, 4, 5]);
    expect(sequences(history, 3)).toEqual([4, 5]);
    expect(sequences(history, 5)).toEqual([]);
  });

  test("the newest events, whole batches of them", () => {
    const history = new WatchHistory(0);
    for (let sequence = 1; sequence <= 100; sequence++)
      history.publish(batch(sequence, EVENTS_KEPT / 10));
    expect(sequences(history, 90)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
    expect(() => sequences(history, 89)).toThrow(WatchExpiredError);
    expect(() => sequences(history, 0)).toThrow(/after sequence number 0 are gone.*follow 90/);
  });

  test("nothing of a batch that is larger than all that is kept", () => {
    const history = new WatchHistory(0);
    history.publish(batch(1));
    history.publish(batch(2, EVENTS_KEPT + 1));
    expect(() => sequences(history, 1)).toThrow(WatchExpiredError);
    expect(sequences(history, 2)).toEqual([]);
  });

  test("nothing from before the state was replaced", () => {
    const history = new WatchHistory(0);
    history.publish(batch(1));
    history.replaced(batch(7));
    expect(() => sequences(history, 6)).toThrow(WatchExpiredError);
    expect(sequences(history, 7)).toEqual([]);
    history.publish(batch(8));
    expect(sequences(history, 7)).toEqual([8]);
  });

  test("commands that changed nothing count, but are no batches", () => {
    const history = new WatchHistory(0);
    history.publish(batch(1));
    history.publish(batch(2, 0));
    history.publish(batch(3));
    expect(sequences(history, 0)).toEqual([1, 3]);
    expect(sequences(history, 2)).toEqual([3]);
  });
});

describe("who watches", () => {
  test("from a number that is still to come hears nothing before it", () => {
    const history = new WatchHistory(0);
    const seen: number[] = [];
    history.watch(({ sequence }) => seen.push(sequence), 2);
    for (let sequence = 1; sequence <= 4; sequence++) history.publish(batch(sequence));
    expect(seen).toEqual([3, 4]);
  });

  test("may begin or end amid a batch", () => {
    const history = new WatchHistory(0);
    const seen: string[] = [];
    const first = history.watch(({ sequence }) => {
      seen.push(`first ${sequence}`);
      first.close();
      history.watch((next) => seen.push(`second ${next.sequence}`));
    });
    history.publish(batch(1));
    history.publish(batch(2));
    expect(seen).toEqual(["first 1", "second 2"]);
  });

  test("amid a batch, and wants what was before too, hears of that batch once", () => {
    const history = new WatchHistory(0);
    const seen: number[] = [];
    history.publish(batch(1));
    const first = history.watch(() => {
      first.close();
      history.watch(({ sequence }) => seen.push(sequence), 0);
    });
    history.publish(batch(2));
    expect(seen).toEqual([1, 2]);
  });

  test("and throws, ends the process, but not the others' batch", async () => {
    const history = new WatchHistory(0);
    const seen = vi.fn();
    const bug = new Error("a bug in a watcher");
    const caught = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    try {
      const uncaught = once(process, "uncaughtException");
      history.watch(() => {
        throw bug;
      });
      history.watch(seen);
      history.publish(batch(1));
      expect(seen).toHaveBeenCalledTimes(1);
      expect(((await uncaught) as unknown[])[0]).toBe(bug);
    } finally {
      for (const listener of caught) process.on("uncaughtException", listener);
    }
  });
});
