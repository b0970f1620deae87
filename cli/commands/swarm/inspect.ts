/**
 * `skep swarm inspect`: the swarm's settings and its trust root. (Docker
 * shows them in `info` alone.)
 */
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import type { FlagSet } from "../../flags/flag.js";
import { INSPECT_FLAGS, printInspected } from "../../output/inspect.js";

const FLAGS = { format: INSPECT_FLAGS.format } satisfies FlagSet;

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Display detailed information on the swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    await printInspected(stdout, flags, {
      references: ["swarm"],
      fetch: () => client.callRaw("GET", "/swarm"),
      loadSchema: async () => (await import("../../../shared/docker-api/swarm-spec.js")).Swarm,
    });
  },
});
