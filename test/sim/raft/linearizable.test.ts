import { describe, expect, test } from "vitest";

import { History } from "./history.js";
import { judgeHistory } from "./linearizable.js";
import { NEVER_WRITTEN, type ObjectState } from "./objects.js";

/** What happens, in order: `ask` and `answer` of calls by name; `lost`: of unknown outcome. */
type Step =
  | { readonly ask: string; readonly kind: "read" | "write" }
  | { readonly answer: string; readonly state: ObjectState }
  | { readonly lost: string };

function judge(steps: readonly Step[]): string {
  const history = new History();
  const calls = new Map<string, ReturnType<History["ask"]>>();
  const call = (id: string): ReturnType<History["ask"]> => {
    const asked = calls.get(id);
    if (asked === undefined) expect.unreachable(`${id} was not asked`);
    return asked;
  };
  for (const step of steps) {
    if ("ask" in step)
      calls.set(step.ask, history.ask({ key: "k", kind: step.kind, id: step.ask }));
    else if ("answer" in step) history.answer(call(step.answer), step.state);
    else history.giveUp(call(step.lost), "unknown");
  }
  return judgeHistory(history.calls).kind;
}

const ask = (id: string, kind: "read" | "write"): Step => ({ ask: id, kind });
const answer = (id: string, writes: number, last: string): Step => ({
  answer: id,
  state: { writes, last },
});

const HISTORIES: Readonly<Record<string, readonly Step[]>> = {
  "one after the other": [
    ask("w1", "write"),
    answer("w1", 1, "w1"),
    ask("r", "read"),
    answer("r", 1, "w1"),
  ],
  "a read beside a write sees it": [
    ask("w1", "write"),
    ask("r", "read"),
    answer("r", 1, "w1"),
    answer("w1", 1, "w1"),
  ],
  "a read beside a write does not see it": [
    ask("w1", "write"),
    ask("r", "read"),
    { answer: "r", state: NEVER_WRITTEN },
    answer("w1", 1, "w1"),
  ],
  "a write of unknown outcome happens late": [
    ask("w1", "write"),
    { lost: "w1" },
    ask("w2", "write"),
    answer("w2", 1, "w2"),
    ask("r", "read"),
    answer("r", 2, "w1"),
  ],
  "a write of unknown outcome never happens": [
    ask("w1", "write"),
    { lost: "w1" },
    ask("r", "read"),
    { answer: "r", state: NEVER_WRITTEN },
  ],
};

const OTHERS: Readonly<Record<string, readonly Step[]>> = {
  "a read after a write does not see it": [
    ask("w1", "write"),
    answer("w1", 1, "w1"),
    ask("r", "read"),
    { answer: "r", state: NEVER_WRITTEN },
  ],
  "what one read saw, a later one does not": [
    ask("w1", "write"),
    ask("r1", "read"),
    answer("r1", 1, "w1"),
    ask("r2", "read"),
    { answer: "r2", state: NEVER_WRITTEN },
    answer("w1", 1, "w1"),
  ],
  "a write of unknown outcome happens twice": [
    ask("w1", "write"),
    { lost: "w1" },
    ask("r", "read"),
    answer("r", 2, "w1"),
  ],
  "a write is lost": [
    ask("w1", "write"),
    answer("w1", 1, "w1"),
    ask("w2", "write"),
    answer("w2", 1, "w2"),
  ],
};

describe("the judge of histories", () => {
  test.each(Object.entries(HISTORIES))("finds an order: %s", (_name, steps) => {
    expect(judge(steps)).toBe("linearizable");
  });

  test.each(Object.entries(OTHERS))("finds none: %s", (_name, steps) => {
    expect(judge(steps)).toBe("not-linearizable");
  });
});
