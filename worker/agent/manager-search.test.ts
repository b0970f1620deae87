import { describe, expect, test } from "vitest";

import { seededRandom } from "../../shared/ports/random.js";
import { ManagerSearch } from "./manager-search.js";

function searchOf(...managers: string[]): ManagerSearch {
  return new ManagerSearch(
    seededRandom("search"),
    () => managers,
    () => new Set(managers).size,
  );
}

function attempts(search: ManagerSearch, count: number) {
  return Array.from({ length: count }, () => search.next()!);
}

describe("the search for a manager", () => {
  test("asks each known one once per round, whatever the order", () => {
    const search = searchOf("a", "b", "c", "b");
    for (let round = 0; round < 3; round++) {
      const asked = attempts(search, 3).map(({ address }) => address);
      expect(asked.sort()).toEqual(["a", "b", "c"]);
    }
  });

  test("never waits a second, and hardly at all within a round", () => {
    const all = attempts(searchOf("a", "b", "c"), 60);
    all.forEach(({ delayMs }, index) => {
      expect(delayMs).toBeLessThan(index % 3 === 0 ? 1_000 : 100);
    });
    expect(Math.max(...all.map(({ delayMs }) => delayMs))).toBeGreaterThan(400);
  });

  test("gives a manager longer each time that it took the connection and said nothing", () => {
    const search = searchOf("a");
    const limits = Array.from({ length: 4 }, () => {
      const { wordLimitMs } = search.next()!;
      search.unanswered("a");
      return wordLimitMs;
    });
    expect(limits).toEqual([3_000, 6_000, 12_000, 12_000]);
  });

  test("gives no longer to those that took no connection, or for another's silence", () => {
    const search = searchOf("a", "b");
    search.unanswered("b");
    const limits = attempts(search, 6).filter(({ address }) => address === "a");
    expect(limits.map(({ wordLimitMs }) => wordLimitMs)).toEqual([3_000, 3_000, 3_000]);
  });

  test("asks the one that was lost last", () => {
    const search = searchOf("a", "b", "c");
    search.found("b");
    search.lost();
    expect(
      attempts(search, 3)
        .map(({ address }) => address)
        .at(-1),
    ).toBe("b");
  });

  test("asks a lone manager again at once when it was lost", () => {
    const search = searchOf("a");
    search.unanswered("a");
    search.found("a");
    search.lost();
    expect(search.next()).toMatchObject({ address: "a", wordLimitMs: 3_000 });
  });

  test("is the more patient with a lone manager the more often it fell silent, until a session lasts", () => {
    const search = searchOf("a");
    expect(search.next()!.patience).toBe(1);
    expect(Array.from({ length: 4 }, () => search.overloaded())).toEqual([2, 4, 8, 8]);
    search.found("a");
    search.lost();
    expect(search.next()!.patience).toBe(8);
    search.lasted();
    expect(search.next()!.patience).toBe(1);
  });

  test("is always patient with one of several: the others are asked meanwhile", () => {
    const search = searchOf("a", "b");
    expect(search.next()!.patience).toBe(3);
    expect([search.overloaded(), search.overloaded()]).toEqual([3, 3]);
  });

  test("takes those that have become known by the next round", () => {
    const managers = ["a"];
    const search = new ManagerSearch(
      seededRandom("search"),
      () => managers,
      () => managers.length,
    );
    search.next();
    managers.push("b");
    expect(
      attempts(search, 2)
        .map(({ address }) => address)
        .sort(),
    ).toEqual(["a", "b"]);
  });

  test("has nobody to ask where none is known", () => {
    expect(searchOf().next()).toBeUndefined();
  });
});
