/** `skep service rebalance`: tasks move to where there are fewer of their service. */
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { inspectService } from "./apply-update.js";
import { WAIT_FLAGS } from "./shared-flags.js";

export const rebalanceCommand = defineCommand({
  name: "rebalance",
  summary: "Move tasks to where there are fewer of their service, new ones first",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: WAIT_FLAGS,
  async run(context, { flags, args }) {
    const [reference = ""] = args;
    const before = await inspectService(context.client, reference);
    await context.client.call("POST", `/skep/v1/services/${before.ID}/rebalance`);
    printLine(context.stdout, reference);
    if (flags.detach === true) return;
    await waitOnService(context, {
      serviceId: before.ID,
      reference,
      wish: "rebalance",
      before,
      progress: flags.quiet === true ? "quiet" : "shown",
    });
  },
});
