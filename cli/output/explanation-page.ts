/** Why a service or a task is as it is, and what comes next: for reading. */
import type {
  ExplainedTask,
  ServiceExplanation,
  TaskExplanation,
} from "../../shared/docker-api/foresight.js";
import { NARROW, nearestLines, stepsText } from "./foresight-page.js";
import { humanDuration } from "./human.js";
import { page } from "./page.js";
import { renderTable } from "./table.js";

const TASK_HEADINGS = ["TASK", "NODE", "REVISION", "STANDING"];

export function serviceExplanationPage(explained: ServiceExplanation): string {
  const { Name: name, Wanted: wanted, Image: image, Revision: revision } = explained;
  const made = image === "" ? `revision ${revision}` : `revision ${revision}, ${image}`;
  const { Running: running } = explained;
  return page([
    `${name} wants ${wanted}; ${running} ${running === 1 ? "runs" : "run"} (${made})`,
    ...explained.Circumstances.map((one) => `  ${one}`),
    "",
    tasksText(explained.Tasks),
    ...explained.Waiting.flatMap((waiting) => [...nearestLines(waiting, "waits"), ""]),
    ...nextLines(explained),
  ]);
}

function tasksText(tasks: readonly ExplainedTask[]): string {
  if (tasks.length === 0) return "No task of it is there.\n";
  const rows = tasks.map(
    ({ Name: name, Node: node = "-", Revision: revision, Standing: standing }) => [
      name,
      node,
      String(revision),
      standing,
    ],
  );
  return renderTable([TASK_HEADINGS, ...rows], NARROW);
}

function nextLines({
  Next: next,
  Outlook: outlook,
  FromLeader: fromLeader,
}: Pick<ServiceExplanation, "Next" | "Outlook" | "FromLeader">): (string | undefined)[] {
  const beyond = {
    rest: "Then nothing more happens by itself.",
    waiting: "Then it waits for something from outside.",
    more: "And so on.",
  }[outlook];
  const alone =
    outlook === "rest" ? "Nothing more happens by itself." : "Nothing changes that by itself.";
  const steps = stepsText(next);
  return [
    ...(steps === undefined ? [alone] : ["Next, if nothing else happens:", "", steps + beyond]),
    ...(fromLeader ? [] : ["(No leader was there to ask: waits may be shorter than told.)"]),
  ];
}

/** @param wallMs now */
export function taskExplanationPage(explained: TaskExplanation, wallMs: number): string {
  const { ID: id, Name: name, Standing: standing, Story: story, Waiting: waiting } = explained;
  const lines = story.map(({ At: at, Words: words }) => [
    at === undefined ? "" : `${humanDuration(wallMs - Date.parse(at))} ago`,
    words,
  ]);
  const successor = explained.SuccessorID;
  return page([
    `${name} (${id}): ${standing}`,
    "",
    renderTable([["WHEN", "WHAT"], ...lines], NARROW),
    ...(waiting === undefined ? [] : [...nearestLines(waiting, "waits"), ""]),
    ...(successor === undefined ? [] : [`It was followed by ${successor}.`]),
    ...nextLines(explained),
  ]);
}
