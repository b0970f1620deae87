/** `skep network rm`: networks that nobody is on any more are removed. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { DaemonRefusedError } from "../../errors.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { forEachReference } from "../for-each.js";

const NOT_FOUND = 404;

const FLAGS = {
  force: toggle("Do not error if the network does not exist", { short: "f" }),
} satisfies FlagSet;

export const removeCommand = defineCommand({
  name: "rm",
  aliases: ["remove"],
  summary: "Remove one or more networks",
  synopsis: "NETWORK [NETWORK...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("network"),
  flags: FLAGS,
  async run({ client, stdout }, { flags, args }) {
    await forEachReference(args, async (reference) => {
      try {
        await client.call("DELETE", `/networks/${encodeURIComponent(reference)}`);
      } catch (error) {
        const isGone = error instanceof DaemonRefusedError && error.httpStatus === NOT_FOUND;
        if (!isGone || flags.force !== true) throw error;
        return;
      }
      printLine(stdout, reference);
    });
  },
});
