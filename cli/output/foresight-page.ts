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
export const NARROW = { cellWidthMin: 0, gap: 2 };
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
    ...plan.Waiting.flatMap((waiting) => ["", ...nearestLines(waiting, "then waits")]),
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
  return renderTable([HEADINGS, ...rows], NARROW);
}

function whenOf(step: ForeseenStep, before: ForeseenStep | undefined): string {
  const { After: after, AwaitsHosts: awaits } = step;
  if (before !== undefined) {
    return after === before.After ? "then" : `${waitText(after - before.After)} later`;
  }
  if (after > 0) return `in ${waitText(after)}`;
  return awaits ? "soon" : "at once";
}

const NS_PER_TENTH = 1e8;

/** Rounded up to a tenth of a second: by then it is due. */
function waitText(ns: number): string {
  return goDuration(Math.ceil(ns / NS_PER_TENTH) * NS_PER_TENTH);
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
  const more = outlook === "more" ? " So far: it goes on beyond what is told." : "";
  const words = `${count(stopped, "task")} stopped, ${created} created, ${kept} kept.`;
  return `${words}${same ? " All of that comes without the change, too." : ""}${more}`;
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

const NAMES_SHOWN = 5;

/** `web.3 waits: no suitable node (…)`, and what the nodes lack, nearest first. */
export function nearestLines(waiting: WaitingTasks, verb: "waits" | "then waits"): string[] {
  const { Names: names, Reason: reason, Nearest: nearest = [], Others: others = 0 } = waiting;
  const waits = names.length === 1 ? verb : verb.replace("waits", "wait");
  return [
    `${namesText(names)} ${waits}: ${reason}`,
    ...nearest.map(({ Node: node, Words: words }) => `  ${node} ${words}`),
    ...(others === 0 ? [] : [`  and ${count(others, "node")} more, further away`]),
  ];
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}
