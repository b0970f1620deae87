import { expect, test } from "vitest";

import { PendingProposals } from "./pending-proposals.js";

/** What becomes of one proposal at a place. */
function follow(
  pending: PendingProposals,
  place: { readonly index: number; readonly term: number },
): { said: string } {
  const outcome = { said: "nothing" };
  pending.add(place, {
    resolve: ({ index, term }) => (outcome.said = `entry ${index} of term ${term}`),
    reject: (error) => (outcome.said = error.name),
  });
  return outcome;
}

test("is answered with its place, once that is applied", () => {
  const pending = new PendingProposals();
  const outcome = follow(pending, { index: 7, term: 2 });
  pending.applied({ index: 6, term: 2 });
  expect(outcome.said).toBe("nothing");
  pending.applied({ index: 7, term: 2 });
  expect(outcome.said).toBe("entry 7 of term 2");
});

test("is dropped by another entry at its place", () => {
  const pending = new PendingProposals();
  const outcome = follow(pending, { index: 7, term: 2 });
  pending.applied({ index: 7, term: 3 });
  expect(outcome.said).toBe("ProposalDroppedError");
});

test("is dropped by any entry of a later term, long before its place is filled", () => {
  const pending = new PendingProposals();
  const [dropped, ours] = [
    { index: 70, term: 2 },
    { index: 71, term: 3 },
  ].map((place) => follow(pending, place));
  pending.applied({ index: 7, term: 3 });
  expect([dropped?.said, ours?.said]).toEqual(["ProposalDroppedError", "nothing"]);
});

test("is answered with its own place where it waits for another", () => {
  const pending = new PendingProposals();
  const outcome = follow(pending, { index: 7, term: 2 });
  pending.postpone({ index: 7, term: 2 }, { index: 9, term: 2 });
  pending.applied({ index: 7, term: 2 });
  expect(outcome.said).toBe("nothing");
  pending.applied({ index: 9, term: 2 });
  expect(outcome.said).toBe("entry 7 of term 2");
});
