import { expect, test } from "vitest";

import {
  ClusterError,
  NoLeaderError,
  PermissionDeniedError,
  UnavailableError,
} from "../shared/errors/cluster-error.js";
import { silentLogger } from "../shared/ports/logger.js";
import { firstReachable } from "./first-reachable.js";

type Answers = Readonly<Record<string, string | Error>>;

async function asked(answers: Answers): Promise<{ answer: unknown; order: readonly string[] }> {
  const order: string[] = [];
  const answer = await firstReachable(Object.keys(answers), silentLogger, (address) => {
    order.push(address);
    const said = answers[address];
    return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
  }).catch((error: unknown) => error);
  return { answer, order };
}

const away = new UnavailableError("nobody there");
const follower = new NoLeaderError("ask another");
const both = new UnavailableError("ask another; nobody there");
const refusal = new PermissionDeniedError("no");
const bug = new TypeError("ours");

test.each<[string, Answers, unknown, readonly string[]]>([
  ["the first that answers decides", { a: "yes", b: "no" }, "yes", ["a"]],
  ["one that is away is passed over", { a: away, b: follower, c: "yes" }, "yes", ["a", "b", "c"]],
  ["a refusal is an answer", { a: away, b: refusal, c: "yes" }, refusal, ["a", "b"]],
  ["the only one is away", { a: away }, away, ["a"]],
  ["none answers: what each of them said", { a: follower, b: away }, both, ["a", "b"]],
  ["a bug of ours is nobody's absence", { a: bug, b: "yes" }, bug, ["a"]],
])("%s", async (_, answers, answer, order) => {
  expect(await asked(answers)).toEqual({ answer, order });
});

test("where no address is known, that is said", async () => {
  const { answer } = await asked({});
  expect(answer).toBeInstanceOf(ClusterError);
  expect((answer as ClusterError).message).toBe("no manager's address is known");
});
