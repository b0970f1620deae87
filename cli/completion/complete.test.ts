import { describe, expect, test } from "vitest";

import { list } from "../flags/flag.js";
import { toggle } from "../flags/numbers.js";
import { complete } from "./complete.js";

const CONTEXT = {
  env: { HOME: "/root", HOST: "a", PATH: "/bin" },
  globalFlags: { host: list("…", { short: "H" }), version: toggle("…", { short: "v" }) },
  namesOf: (object: string) => Promise.resolve([`${object}-b`, `${object}-a`]),
};

/** `_` stands for the empty word that is to be completed. */
async function offered(line: string): Promise<string> {
  const words = line.split(" ").map((word) => (word === "_" ? "" : word));
  const { candidates, then } = await complete(words, CONTEXT);
  return [...candidates.map(({ word }) => word), ...(then === "space" ? [] : [`:${then}`])].join(
    " ",
  );
}

describe("what may come next", () => {
  test.each([
    ["_", "completion info network node service swarm task version"],
    ["s", "service swarm"],
    ["--", "--help --host --version"],
    ["-H x s", "service swarm"],
    ["--host=x n", "network node"],
    ["node _", "demote drain inspect ls promote ps rm update"],
    ["node p", "promote ps"],
    ["nope _", ""],
    ["service nope _", ""],
    ["service ps _", "service-a service-b"],
    ["service ps service-a _", "service-b"],
    ["service ps -q service-", "service-a service-b"],
    ["service inspect service-b", "service-b"],
    ["service rollback service-a _", ""],
    ["service scale s", "service-a= service-b= :no-space"],
    ["node ps n", "node-a node-b"],
    ["service ls --f", "--filter --format"],
    ["service ls -", "--filter --format --help --quiet"],
    ["service create --mode _", "global global-job replicated replicated-job"],
    ["service create --mode=g", "--mode=global --mode=global-job"],
    ["service create --mode global --update-order s", "start-first stop-first"],
    ["service create --network _", "network-a network-b"],
    ["service create -d --secret secret-", "secret-a secret-b"],
    ["service create -e HO", "HOME HOST"],
    ["service create --env-file _", ":files"],
    ["service create --name _", ""],
    ["service explain s", "service-a service-b"],
    ["task explain _", "task-a task-b"],
    ["service plan _", "create update"],
    ["service plan u", "update"],
    ["service plan nope _", ""],
    ["service plan update --repl", "--replicas --replicas-max-per-node"],
    ["service plan update --force s", "service-a service-b"],
    ["service plan create busybox _", ":files"],
    ["service create busybox _", ":files"],
    ["service create busybox --na", ":files"],
    ["service update --update-fail", "--update-failure-action"],
    ["service update --bogus=x", ""],
    ["swarm join-token _", "manager worker"],
    ["swarm init --availability d", "drain"],
    ["node update --role _", "manager worker"],
    ["completion _", "bash fish zsh"],
    ["info _", ""],
  ])("%s", async (line, words) => {
    expect(await offered(line)).toBe(words);
  });
});

test("a flag is offered with what it is for", async () => {
  const { candidates } = await complete(["service", "ps", "--no-t"], CONTEXT);
  expect(candidates).toEqual([{ word: "--no-trunc", summary: "Do not truncate output" }]);
});
