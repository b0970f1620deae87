/** `skep service history`: what a service was, who changed it when, and what each change was. */
import type { ServiceRevision } from "../../../shared/docker-api/service-history.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { historyPage } from "../../output/history-page.js";
import { inspectService } from "./apply-update.js";

export const historyCommand = defineCommand({
  name: "history",
  summary: "Show the revisions of a service, and what changed from each to the next",
  synopsis: "SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: {},
  async run({ client, stdout, clock }, { args }) {
    const [reference = ""] = args;
    const { ID: id } = await inspectService(client, reference);
    const path = `/skep/v1/services/${id}/history`;
    const revisions = await client.call<ServiceRevision[]>("GET", path);
    stdout.write(historyPage(revisions, clock.wallMs()));
  },
});
