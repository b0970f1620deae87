/** `skep task explain`: a task's story, what it waits for, and what comes next in its place. */
import type { TaskExplanation } from "../../../shared/docker-api/foresight.js";
import { parseAnswer } from "../../client.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { ANSWER_FORMAT, printAnswer } from "../../output/answer.js";

export const explainCommand = defineCommand({
  name: "explain",
  summary: "Tell how a task came to be as it is, and what comes next",
  synopsis: "[OPTIONS] TASK",
  arguments: ONE_ARGUMENT,
  completion: namesOf("task"),
  flags: ANSWER_FORMAT,
  async run({ client, stdout, clock }, { flags, args }) {
    const [reference = ""] = args;
    const path = `/skep/v1/tasks/${encodeURIComponent(reference)}/explain`;
    const answer = await client.callRaw("GET", path);
    await printAnswer(stdout, flags.format, {
      answer,
      loadSchema: async () =>
        (await import("../../../shared/docker-api/foresight.js")).TaskExplanation,
      renderPage: async () => {
        const { taskExplanationPage } = await import("../../output/explanation-page.js");
        return taskExplanationPage(parseAnswer(answer) as TaskExplanation, clock.wallMs());
      },
    });
  },
});
