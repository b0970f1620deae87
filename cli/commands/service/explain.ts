/** `skep service explain`: why a service is as it is, what it waits for, what comes next and when. */
import type { ServiceExplanation } from "../../../shared/docker-api/foresight.js";
import { parseAnswer } from "../../client.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { ANSWER_FORMAT, printAnswer } from "../../output/answer.js";

export const explainCommand = defineCommand({
  name: "explain",
  summary: "Tell why a service is as it is, and what comes next",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: ANSWER_FORMAT,
  async run({ client, stdout }, { flags, args }) {
    const [reference = ""] = args;
    const path = `/skep/v1/services/${encodeURIComponent(reference)}/explain`;
    const answer = await client.callRaw("GET", path);
    await printAnswer(stdout, flags.format, {
      answer,
      loadSchema: async () =>
        (await import("../../../shared/docker-api/foresight.js")).ServiceExplanation,
      renderPage: async () => {
        const { serviceExplanationPage } = await import("../../output/explanation-page.js");
        return serviceExplanationPage(parseAnswer(answer) as ServiceExplanation);
      },
    });
  },
});
