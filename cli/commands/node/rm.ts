/** `skep node rm`: nodes that are gone for good are forgotten. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { forEachReference } from "../for-each.js";

const FLAGS = {
  force: toggle("Force remove a node from the swarm", { short: "f" }),
} satisfies FlagSet;

export const removeCommand = defineCommand({
  name: "rm",
  aliases: ["remove"],
  summary: "Remove one or more nodes from the swarm",
  synopsis: "[OPTIONS] NODE [NODE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("node"),
  flags: FLAGS,
  async run({ client, stdout }, { flags, args }) {
    const query = { force: flags.force === true ? true : undefined };
    await forEachReference(args, async (reference) => {
      await client.call("DELETE", `/nodes/${encodeURIComponent(reference)}`, { query });
      printLine(stdout, reference);
    });
  },
});
