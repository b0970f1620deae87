/** What would happen to a service, step by step, and who waits in the end: for reading. */
import type {
  ForeseenAct,
  ForeseenStep,
  ServicePlan,
  WaitingTasks,
} from "../../shared/docker-api/foresight.js";
import { goDuration } from "./human.js";
import { page } from "./page.js";
import { renderTable } from "./table.js";

/** Narrower than Docker's: these tables have many columns. */
const MEASURES = { cellWidthMin: 0, gap: 2 };
const HEADINGS = ["WHEN", "TASK", "WHAT", "FROM", "TO", "WHY"];

export function planPage(plan: ServicePlan): string {
  const { PresentRevision: present, Revision: revision } = plan;
  const head =
    present === undefined
      ? `${plan.Name}, not there yet: what creating it would do`
      : `${plan.Name}: what the update would do (${revisionWords(present, revision)})`;
  return page([
    `${head}. Nothing was done.`,
    "",
    stepsText(plan.Steps),
    totalsText(plan),
    ...plan.Waiting.flatMap(waitingLines),
  ]);
}

function revisionWords(present: number, revision: number): string {
  return present === revision
    ? `revision ${revision} stays`
    : `revision ${present} becomes ${revision}`;
}

/** Undefined where nothing happens. */
export function stepsText(steps: readonly ForeseenStep[]): string | undefined {
  if (steps.length === 0) return undefined;
  const rows = steps.flatMap((step, i) => {
    const when = whenOf(step, steps[i - 1]);
    return step.Acts.map((act, j) => [j === 0 ? when : "", ...cellsOf(act)]);
  });
  return renderTable([HEADINGS, ...rows], MEASURES);
}

function whenOf({ After: after }: ForeseenStep, before: ForeseenStep | undefined): string {
  if (before === undefined) return after === 0 ? "at once" : `in ${goDuration(after)}`;
  return after === before.After ? "then" : `${goDuration(after - before.After)} later`;
}

function cellsOf(act: ForeseenAct): string[] {
  const { Name: name = "", From: from = "", Why: why } = act;
  return [name, whatOf(act), from, placeOf(act), why];
}

function whatOf({ Do: what, Order: order }: ForeseenAct): string {
  switch (what) {
    case "create":
      return "created";
    case "replace":
      return `replaced, ${order ?? ""}`;
    case "start":
      return "started";
    case "stop":
      return "stopped";
    case "place":
      return "placed";
    case "update":
    case "rebalance":
      return what;
  }
}

function placeOf({ Do: what, To: to }: ForeseenAct): string {
  return to ?? (what === "create" || what === "replace" ? "no node" : "");
}

function totalsText({ Outlook: outlook, Totals: totals, Unchanged: same, Steps }: ServicePlan) {
  const { Stopped: stopped, Created: created, Kept: kept } = totals;
  if (stopped + created === 0) {
    return Steps.length === 0 || same
      ? `Nothing would change for its ${count(kept, "task")}.`
      : `No task would be stopped or created; ${kept} would be kept.`;
  }
  const more = outlook === "more" ? " It goes on beyond that." : "";
  const words = `${count(stopped, "task")} stopped, ${created} created, ${kept} kept.`;
  return `${words}${same ? " All of that comes without the change, too." : ""}${more}`;
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

/** `web.3 would wait: no suitable node (…)`, and what the nodes lack. */
function waitingLines(waiting: WaitingTasks): string[] {
  const { Reason: reason, Nearest: nearest = [], Others: others = 0 } = waiting;
  const verb = waiting.Names.length === 1 ? "waits" : "wait";
  return [
    "",
    `${namesText(waiting.Names)} then ${verb}: ${reason}`,
    ...nearest.map(({ Node: node, Words: words }) => `  ${node} ${words}`),
    ...(others === 0 ? [] : [`  and ${count(others, "node")} more, further away`]),
  ];
}

const NAMES_SHOWN = 5;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}
