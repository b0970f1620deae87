/** What a service was: its revisions, who made them when, and what changed from each to the next. */
import type { ServiceRevision } from "../../shared/docker-api/service-history.js";
import { differences } from "./differences.js";
import { humanDuration } from "./human.js";

/** @param revisions the newest first */
export function historyPage(revisions: readonly ServiceRevision[], wallMs: number): string {
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
