/** `skep service rollback`: back to what was declared before. */
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { uint } from "../../flags/numbers.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { applyUpdate, inspectService } from "./apply-update.js";
import { WAIT_FLAGS } from "./shared-flags.js";

export const rollbackCommand = defineCommand({
  name: "rollback",
  summary: "Revert changes to a service's configuration",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: {
    ...WAIT_FLAGS,
    to: uint(
      "Revision to go back to, as `skep service history` numbers them (default the previous)",
    ),
  },
  async run(context, { flags, args }) {
    const [reference = ""] = args;
    const before = await inspectService(context.client, reference);
    if (flags.to === undefined) {
      await applyUpdate(context, { before, spec: before.Spec, rollback: "previous" });
    } else {
      const query = { version: before.Version.Index, to: flags.to };
      const path = `/skep/v1/services/${before.ID}/rollback`;
      await context.client.call("POST", path, { query });
    }
    printLine(context.stdout, reference);
    if (flags.detach === true) return;
    await waitOnService(context, {
      serviceId: before.ID,
      reference,
      wish: "rollback",
      before,
      progress: flags.quiet === true ? "quiet" : "shown",
    });
  },
});
