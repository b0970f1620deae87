/** `skep service rollback`: back to what was declared before. */
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { applyUpdate, inspectService } from "./apply-update.js";
import { WAIT_FLAGS } from "./shared-flags.js";

export const rollbackCommand = defineCommand({
  name: "rollback",
  summary: "Revert changes to a service's configuration",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: WAIT_FLAGS,
  async run(context, { flags, args }) {
    const [reference = ""] = args;
    const before = await inspectService(context.client, reference);
    await applyUpdate(context, { before, spec: before.Spec, rollback: "previous" });
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
