/** `skep service create`: declares a service, then shows how it comes up. */
import type { ServiceCreateResponse } from "../../../shared/docker-api/service-spec.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import { collectVariables } from "../../flags/key-values.js";
import { CREATE_FLAGS } from "./create-flags.js";
import { specFromFlags } from "./spec-from-flags.js";

export const createCommand = defineCommand({
  name: "create",
  summary: "Create a new service",
  synopsis: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  flags: CREATE_FLAGS,
  flagPlace: "before-arguments",
  async run(context, { flags, args }) {
    const [image = "", ...command] = args;
    const files = (flags["env-file"] ?? []).map((path) => [path, context.readFile(path)] as const);
    const variables = collectVariables(files, flags.env ?? [], context.env);
    const body = specFromFlags(flags, { image, args: command, variables });
    const created = await context.client.call<ServiceCreateResponse>("POST", "/services/create", {
      body,
    });
    for (const warning of created.Warnings ?? []) printLine(context.stderr, warning);
    printLine(context.stdout, created.ID);
  },
});
