/** `skep node inspect`: everything about nodes, as JSON, as a template says, or for reading. */
import type { Node } from "../../../shared/docker-api/node-spec.js";
import { parseAnswer } from "../../client.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { INSPECT_FLAGS, printInspected } from "../../output/inspect.js";
import { nodeReference } from "./self.js";

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Display detailed information on one or more nodes",
  synopsis: "[OPTIONS] self|NODE [NODE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("node"),
  flags: INSPECT_FLAGS,
  async run({ client, stdout }, { flags, args }) {
    await printInspected(stdout, flags, {
      references: args,
      fetch: async (given) => {
        const reference = await nodeReference(client, given);
        return client.callRaw("GET", `/nodes/${encodeURIComponent(reference)}`);
      },
      loadSchema: async () => (await import("../../../shared/docker-api/node-spec.js")).Node,
      renderPage: async (answer) => {
        const { nodePage } = await import("../../output/node-page.js");
        return nodePage(parseAnswer(answer) as Node);
      },
    });
  },
});
