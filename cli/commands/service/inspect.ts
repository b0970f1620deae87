/** `skep service inspect`: everything about services, as JSON, as a template says, or for reading. */
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { DaemonRefusedError, UsageError } from "../../errors.js";
import { INSPECT_FLAGS, printInspected } from "../../output/inspect.js";

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Display detailed information on one or more services",
  synopsis: "[OPTIONS] SERVICE [SERVICE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("service"),
  flags: INSPECT_FLAGS,
  async run({ client, stdout }, { flags, args }) {
    await printInspected(stdout, args, flags, async (reference) => {
      const path = `/services/${encodeURIComponent(reference)}`;
      try {
        return await client.callRaw("GET", path, { query: { insertDefaults: true } });
      } catch (error) {
        if (!(error instanceof DaemonRefusedError) || error.httpStatus !== 404) throw error;
        throw new UsageError(`no such service: ${reference}`, { cause: error });
      }
    });
  },
});
