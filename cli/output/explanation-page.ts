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
    ...nextLines(explained, explained.Tasks),
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

function nextLines(
  {
    Next: next,
    Outlook: outlook,
    FromLeader: fromLeader,
  }: Pick<ServiceExplanation, "Next" | "Outlook" | "FromLeader">,
  tasks: readonly ExplainedTask[],
): (string | undefined)[] {
  const beyond = {
    rest: "Then nothing more happens by itself.",
    waiting: "Then it waits for something from outside.",
    more: "And so on.",
  }[outlook];
  const alone =
    outlook === "rest" ? "Nothing more happens by itself." : "Nothing changes that by itself.";
  const coming = comingWords(tasks);
  const steps = stepsText(next);
  return [
    ...(steps === undefined
      ? [coming ? `${coming} ${beyond}` : alone]
      : ["Next, if nothing else happens:", "", steps + beyond]),
    ...(fromLeader ? [] : ["(No leader was there to ask: waits may be shorter than told.)"]),
  ];
}

const ON_THEIR_WAY = ["assigned", "accepted", "preparing", "starting"];

/** What hosts are at work on already is no step of the cluster's: `web.1 is coming up (preparing).` */
function comingWords(tasks: readonly ExplainedTask[]): string | undefined {
  const coming = tasks.filter(
    ({ State: state, DesiredState: desired }) =>
      (desired === "running" || desired === "complete") && ON_THEIR_WAY.includes(state),
  );
  const [first, ...others] = coming;
  if (first === undefined) return undefined;
  if (others.length === 0) return `${first.Name} is coming up (${first.State}).`;
  const more = others.length === 1 ? "1 more" : `${others.length} more`;
  return `${first.Name} and ${more} are coming up.`;
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
    ...nextLines(explained, [explained]),
  ]);
}
