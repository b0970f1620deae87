/** `skep service rm`: services are removed, and their tasks with them. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { forEachReference } from "../for-each.js";

export const removeCommand = defineCommand({
  name: "rm",
  aliases: ["remove"],
  summary: "Remove one or more services",
  synopsis: "SERVICE [SERVICE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("service"),
  flags: {},
  async run({ client, stdout }, { args }) {
    await forEachReference(args, async (reference) => {
      await client.call("DELETE", `/services/${encodeURIComponent(reference)}`);
      printLine(stdout, reference);
    });
  },
});
