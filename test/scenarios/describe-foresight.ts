/** What is foreseen, in the very words of the command line: through the API's shapes. */
import { serviceExplanationPage, taskExplanationPage } from "../../cli/output/explanation-page.js";
import { planPage } from "../../cli/output/foresight-page.js";
import {
  showServiceExplanation,
  showTaskExplanation,
} from "../../manager/api/core/show-explanation.js";
import { thinkThrough } from "../../manager/api/core/think-through.js";
import { type Asked, explainService } from "../../manager/explain/core/explain-service.js";
import { explainTask } from "../../manager/explain/core/explain-task.js";
import type { Change } from "../../manager/store/core/change.js";
import type { Task } from "../../shared/model/task.js";
import type { World } from "./world.js";

const FROM_LEADER = { FromLeader: true };

export function describePlan(world: World, change: Change): string {
  return inOneBlock(planPage({ ...thinkThrough(askedOf(world), () => change), Warnings: [] }));
}

export function explainServiceOf(world: World, name: string): string {
  const explained = explainService(askedOf(world), world.service(name));
  return inOneBlock(
    serviceExplanationPage(showServiceExplanation(world.view, explained, FROM_LEADER)),
  );
}

export function explainTaskOf(world: World, task: Task): string {
  const service = world.view.service(task.serviceId);
  const explained = explainTask(askedOf(world), service, task);
  const shown = showTaskExplanation(world.view, explained, FROM_LEADER);
  const page = taskExplanationPage(shown, world.clock.wallMs());
  return inOneBlock(page.replace(/[a-z0-9]{25}/g, "ID"));
}

export function askedOf({ store, clock, knowledge }: World): Asked {
  return {
    imagine: () => store.imagine(),
    time: { nowMs: clock.nowMs(), atMs: clock.wallMs() },
    known: knowledge,
  };
}

/** An empty line ends what a command printed. */
function inOneBlock(text: string): string {
  return text.replace(/\n\n+/g, "\n").trimEnd();
}
