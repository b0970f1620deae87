/** `skep service history`: what a service was, who changed it when, and what each change was. */
import type { ServiceRevision } from "../../../shared/docker-api/service-history.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { differences } from "../../output/differences.js";
import { humanDuration } from "../../output/human.js";
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
    stdout.write(describeHistory(revisions, clock.wallMs()));
  },
});

/** @param revisions the newest first */
function describeHistory(revisions: readonly ServiceRevision[], wallMs: number): string {
  return revisions
    .map((revision, i) => {
      const before = revisions[i + 1];
      const changes = before === undefined ? [] : differences(madeFrom(before), madeFrom(revision));
      return [headOf(revision, wallMs), ...changes.map((line) => `    ${line}`)];
    })
    .flat()
    .map((line) => `${line}\n`)
    .join("");
}

/** What a revision's tasks are made from. */
function madeFrom({ TaskTemplate: template, HostPorts: ports }: ServiceRevision): object {
  return ports === undefined ? template : { ...template, HostPorts: ports };
}

function headOf(revision: ServiceRevision, wallMs: number): string {
  const { Revision: number, CreatedAt: at, By: by, RollbackOf: target } = revision;
  const ago = humanDuration(wallMs - Date.parse(at));
  const words = [
    `${revision.Current ? "*" : " "} ${number}`,
    `${ago} ago (${at})`,
    by === undefined ? "by the cluster" : `by ${by}`,
    ...(target === undefined ? [] : [`rollback to ${target}`]),
    ...(revision.Tasks === 0 ? [] : [revision.Tasks === 1 ? "1 task" : `${revision.Tasks} tasks`]),
  ];
  return words.join("  ");
}
