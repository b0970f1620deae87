/** `skep node drain`: move a node's tasks elsewhere, by a deadline where one is given. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { positiveDuration } from "../../flags/amounts.js";
import { present } from "../../present.js";
import { forEachReference } from "../for-each.js";

export const drainCommand = defineCommand({
  name: "drain",
  summary: "Drain one or more nodes: their tasks move elsewhere, new ones do not come",
  synopsis: "[OPTIONS] NODE [NODE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("node"),
  flags: {
    deadline: positiveDuration(
      "Stop what is left after this time, even if its replacement does not run yet (ns|us|ms|s|m|h)",
    ),
  },
  async run({ client, stdout }, { flags, args }) {
    await forEachReference(args, async (reference) => {
      const path = `/skep/v1/nodes/${encodeURIComponent(reference)}/drain`;
      await client.call("POST", path, { body: present({ Within: flags.deadline }) });
      printLine(stdout, reference);
    });
  },
});
