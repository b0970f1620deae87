/**
 * All commands by noun and verb. A noun's code is loaded when it is used: `skep --version` must not
 * wait for the flags of `service create`.
 */
import type { Command, Noun, Verb } from "./command.js";

/** A command without a noun: `skep info`. */
export interface TopCommand {
  readonly kind: "command";
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const COMMAND_TREE: readonly (Noun | TopCommand)[] = [
  {
    kind: "command",
    name: "completion",
    summary: "Print the completion script for a shell",
    load: async () => (await import("./commands/completion.js")).completionCommand,
  },
  {
    kind: "command",
    name: "info",
    summary: "Display information on this host and its swarm",
    load: async () => (await import("./commands/info.js")).infoCommand,
  },
  {
    kind: "noun",
    name: "network",
    summary: "Manage networks",
    load: async () => (await import("./commands/network.js")).NETWORK_COMMANDS,
  },
  {
    kind: "noun",
    name: "node",
    summary: "Manage the nodes of the swarm",
    load: async () => (await import("./commands/node.js")).NODE_COMMANDS,
  },
  {
    kind: "noun",
    name: "service",
    summary: "Manage services",
    load: async () => (await import("./commands/service.js")).SERVICE_COMMANDS,
  },
  {
    kind: "noun",
    name: "swarm",
    summary: "Manage the swarm",
    load: async () => (await import("./commands/swarm.js")).SWARM_COMMANDS,
  },
  {
    kind: "noun",
    name: "task",
    summary: "Explain single tasks",
    load: async () => (await import("./commands/task.js")).TASK_COMMANDS,
  },
  {
    kind: "command",
    name: "version",
    summary: "Show the version of skep and of skepd",
    load: async () => (await import("./commands/version.js")).versionCommand,
  },
];

export function findVerb(verbs: readonly Verb[], name: string): Verb | undefined {
  return verbs.find(
    (verb) => verb.name === name || (verb.kind === "command" && verb.aliases.includes(name)),
  );
}
