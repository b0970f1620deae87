/**
 * `skep service plan`: what `service create` and `service update` would do with the same flags, told
 * and not done.
 */
import type { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { type CallOptions, parseAnswer } from "../../client.js";
import { defineCommand, type Noun, ONE_ARGUMENT, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { type CommandContext, printLine } from "../../context.js";
import { ANSWER_FORMAT, printAnswer } from "../../output/answer.js";
import { callOf } from "./apply-update.js";
import { declaration } from "./create.js";
import { CREATE_FLAGS } from "./create-flags.js";
import { declaredUpdate } from "./update.js";
import { UPDATE_COMMAND_FLAGS } from "./update-flags.js";

const planCreateCommand = defineCommand({
  name: "create",
  summary: "Tell what `service create` would do with the same flags",
  synopsis: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  flags: { ...CREATE_FLAGS, ...ANSWER_FORMAT },
  flagPlace: "before-arguments",
  async run(context, { flags, args }) {
    const { format, ...own } = flags;
    const call = await declaration(context, own, args);
    await printPlan(context, { path: "/skep/v1/services/plan", call, format });
  },
});

const planUpdateCommand = defineCommand({
  name: "update",
  summary: "Tell what `service update` would do with the same flags",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: { ...UPDATE_COMMAND_FLAGS, ...ANSWER_FORMAT },
  async run(context, { flags, args }) {
    const { format, ...own } = flags;
    const [reference = ""] = args;
    const update = await declaredUpdate(context, own, reference);
    const path = `/skep/v1/services/${update.before.ID}/plan`;
    await printPlan(context, { path, call: callOf(update), format });
  },
});

export const PLAN_NOUN: Noun = {
  kind: "noun",
  name: "plan",
  summary: "Tell what creating or updating a service would do, without doing it",
  load: () => Promise.resolve([planCreateCommand, planUpdateCommand]),
};

async function printPlan(
  { client, stdout, stderr }: CommandContext,
  asked: { readonly path: string; readonly call: CallOptions; readonly format: string | undefined },
): Promise<void> {
  const answer = await client.callRaw("POST", asked.path, asked.call);
  const plan = parseAnswer(answer) as ServicePlan;
  for (const warning of plan.Warnings) printLine(stderr, warning);
  await printAnswer(stdout, asked.format, {
    answer,
    loadSchema: async () => (await import("../../../shared/docker-api/foresight.js")).ServicePlan,
    renderPage: async () => (await import("../../output/foresight-page.js")).planPage(plan),
  });
}
