/** `skep network inspect`: a network's subnets and their use; with `--verbose` who is on it. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { INSPECT_FLAGS, printInspected } from "../../output/inspect.js";

const FLAGS = {
  format: INSPECT_FLAGS.format,
  verbose: toggle("Tell its peers, its services and their tasks too", { short: "v" }),
} satisfies FlagSet;

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Display detailed information on one or more networks",
  synopsis: "[OPTIONS] NETWORK [NETWORK...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("network"),
  flags: FLAGS,
  async run({ client, stdout }, { flags: { verbose, ...flags }, args }) {
    const query = { verbose: verbose === true ? true : undefined };
    await printInspected(stdout, flags, {
      references: args,
      fetch: (reference) =>
        client.callRaw("GET", `/networks/${encodeURIComponent(reference)}`, { query }),
      loadSchema: async () =>
        (await import("../../../shared/docker-api/network.js")).NetworkInspect,
    });
  },
});
