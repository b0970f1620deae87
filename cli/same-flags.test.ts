// Every flag that docker 28.2 has on the commands that skep has too, with its letter; or the reason why not.
// fixtures/docker-28.2-flags.txt was taken from `docker … --help`.
import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { Command } from "./command.js";
import { COMMAND_TREE, findVerb } from "./command-tree.js";
import { SERVICE_COMMANDS } from "./commands/service.js";

interface DockerFlag {
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

const ROOT_ROTATION = "the root is not rotated yet";
const ENGINE_ONLY = "a host's own engine does that: docker";
const ENCRYPTION = "the log is not encrypted yet, so there is no key";

/** Whole commands, or `command --flag`. */
const ABSENT: Readonly<Record<string, string>> = {
  "service logs": "logs of tasks are not collected yet",
  "network connect": ENGINE_ONLY,
  "network disconnect": ENGINE_ONLY,
  "network prune": ENGINE_ONLY,
  "swarm unlock": ENCRYPTION,
  "swarm unlock-key": ENCRYPTION,
  "swarm ca --ca-cert": ROOT_ROTATION,
  "swarm ca --ca-key": ROOT_ROTATION,
  "swarm ca --cert-expiry": ROOT_ROTATION,
  "swarm ca --detach": ROOT_ROTATION,
  "swarm ca --external-ca": ROOT_ROTATION,
  "swarm ca --quiet": ROOT_ROTATION,
  "swarm ca --rotate": ROOT_ROTATION,
};

/** Ours alone. */
const ADDED = [
  "network trace",
  "network update",
  "swarm inspect",
  "swarm raft",
  "swarm backup",
  "swarm restore",
  "completion",
  "node drain",
  "service history",
  "service rebalance",
  "service plan",
  "service explain",
  "task explain",
];

const SETTINGS = [
  ...["avoid-failures", "avoid-within", "back-off-first", "back-off-free", "back-off-limit"],
  ...["election-tick", "engine-limit", "heartbeat-tick", "log-entries-for-slow-followers"],
  ...["orphan-after", "session-limit", "silence-limit", "stop-patience"],
];

const ADDED_FLAGS = [
  ...SETTINGS.flatMap((name) => [`swarm init --${name}`, `swarm update --${name}`]),
  "swarm init --placement-strategy",
  "swarm init --rebalance",
  "swarm init --rebalance-cool-down",
  "swarm init --rebalance-parallelism",
  "swarm update --placement-strategy",
  "swarm update --rebalance",
  "swarm update --rebalance-cool-down",
  "swarm update --rebalance-parallelism",
  "service rollback --to",
];

const docker = dockerFlags();

describe("each command of docker's has all its flags", () => {
  test.each([...docker.keys()].filter((path) => ABSENT[path] === undefined))("%s", async (path) => {
    const command = await findCommand(path);
    const ours = Object.entries(command?.flags ?? {}).map(([name, flag]) => ({
      name,
      short: flag.short,
      takesValue: flag.takes !== undefined,
    }));
    const theirs = (docker.get(path) ?? []).filter(
      ({ name }) => ABSENT[`${path} --${name}`] === undefined,
    );
    const common = ours.filter(({ name }) => !ADDED_FLAGS.includes(`${path} --${name}`));
    expect(byName(common)).toEqual(byName(theirs));
  });
});

test("what is said to be absent is docker's and not ours", async () => {
  for (const absent of Object.keys(ABSENT)) {
    const [path = "", flag] = absent.split(" --");
    const theirs = docker.get(path);
    expect(theirs, absent).toBeDefined();
    const command = await findCommand(path);
    if (flag === undefined) expect(command, absent).toBeUndefined();
    else expect(Object.keys(command?.flags ?? {}), absent).not.toContain(flag);
  }
});

test("what docker has not is ours on purpose", async () => {
  const paths: string[] = [];
  for (const entry of COMMAND_TREE) {
    if (entry.kind === "command") paths.push(entry.name);
    else paths.push(...(await entry.load()).map(({ name }) => `${entry.name} ${name}`));
  }
  expect(paths.filter((path) => !docker.has(path)).toSorted()).toEqual(ADDED.toSorted());
});

async function findCommand(path: string): Promise<Command | undefined> {
  const [first, verb] = path.split(" ");
  const entry = COMMAND_TREE.find(({ name }) => name === first);
  if (entry?.kind === "command") return entry.load();
  const found = entry === undefined ? undefined : findVerb(await entry.load(), verb ?? "");
  return found?.kind === "command" ? found : undefined;
}

test.each(["create", "update"])("service plan %s takes the flags of the real one", async (verb) => {
  const plans = findVerb(SERVICE_COMMANDS, "plan");
  const plan = plans?.kind === "noun" ? findVerb(await plans.load(), verb) : undefined;
  const real = findVerb(SERVICE_COMMANDS, verb);
  if (plan?.kind !== "command" || real?.kind !== "command") throw new Error(`no ${verb}`);
  const { format: _, ...flags } = plan.flags;
  expect(flags).toEqual(real.flags);
  expect([plan.synopsis, plan.flagPlace]).toEqual([real.synopsis, real.flagPlace]);
});

/** Lines of a command, each followed by its flags: `  --name -n type`. */
function dockerFlags(): Map<string, DockerFlag[]> {
  const commands = new Map<string, DockerFlag[]>();
  let flags: DockerFlag[] = [];
  const text = readFileSync(new URL("fixtures/docker-28.2-flags.txt", import.meta.url), "utf8");
  for (const line of text.trimEnd().split("\n")) {
    const [, name, short, type] = /^ {2}--([\w-]+)(?: -(\w))?(?: (\S+))?$/.exec(line) ?? [];
    if (name === undefined) {
      flags = [];
      commands.set(line, flags);
    } else {
      flags.push({ name, short, takesValue: type !== undefined });
    }
  }
  return commands;
}

function byName(flags: readonly DockerFlag[]): DockerFlag[] {
  return flags.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
