/** `skep service create`: declares a service, then shows how it comes up. */
import type { ContainerSpec } from "../../../shared/docker-api/container-spec.js";
import type {
  ServiceCreateResponse,
  ServiceSpec,
} from "../../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { CallOptions, Client } from "../../client.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { type CommandContext, printLine } from "../../context.js";
import { collectVariables } from "../../flags/key-values.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { attachConfigs, attachNetworks, attachSecrets, withCredentials } from "./attach.js";
import { CREATE_FLAGS, type CreateFlags } from "./create-flags.js";
import { registryAuthFor } from "./registry-auth.js";
import { pinImage, withDefaultTag } from "./resolve-image.js";
import { specFromFlags } from "./spec-from-flags.js";

export const createCommand = defineCommand({
  name: "create",
  summary: "Create a new service",
  synopsis: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  flags: CREATE_FLAGS,
  flagPlace: "before-arguments",
  async run(context, { flags, args }) {
    const call = await declaration(context, flags, args);
    const created = await context.client.call<ServiceCreateResponse>(
      "POST",
      "/services/create",
      call,
    );
    for (const warning of created.Warnings ?? []) printLine(context.stderr, warning);
    printLine(context.stdout, created.ID);
    if (flags.detach === true) return;
    await waitOnService(context, {
      serviceId: created.ID,
      reference: flags.name ?? created.ID,
      wish: "forward",
      before: undefined,
      progress: flags.quiet === true ? "quiet" : "shown",
    });
  },
});

/** What is sent to declare the service that flags and arguments describe. */
export async function declaration(
  context: CommandContext,
  flags: CreateFlags,
  args: readonly string[],
): Promise<Pick<CallOptions, "body" | "headers">> {
  const spec = await declaredSpec(context, flags, args);
  const image = spec.TaskTemplate?.ContainerSpec?.Image ?? "";
  const auth = flags["with-registry-auth"] === true ? registryAuthFor(image, context) : undefined;
  const task = spec.TaskTemplate ?? {};
  const body = {
    ...spec,
    TaskTemplate: flags["no-resolve-image"] === true ? task : await pinImage(context, task, auth),
  };
  return { body, headers: auth === undefined ? {} : { "x-registry-auth": auth } };
}

async function declaredSpec(
  context: CommandContext,
  flags: CreateFlags,
  args: readonly string[],
): Promise<ServiceSpec> {
  const [image = "", ...command] = args;
  const files = (flags["env-file"] ?? []).map((path) => [path, context.readFile(path)] as const);
  const variables = collectVariables(files, flags.env ?? [], context.env);
  const given = { image: withDefaultTag(image), args: command, variables };
  const spec = specFromFlags(flags, given);
  return { ...spec, TaskTemplate: await attached(context.client, spec.TaskTemplate ?? {}, flags) };
}

async function attached(client: Client, task: TaskSpec, flags: CreateFlags): Promise<TaskSpec> {
  const credentials = flags["credential-spec"];
  const container: ContainerSpec = {
    ...task.ContainerSpec,
    ...(flags.secret === undefined ? {} : { Secrets: await attachSecrets(client, flags.secret) }),
    ...(flags.config === undefined ? {} : { Configs: await attachConfigs(client, flags.config) }),
  };
  return {
    ...task,
    ContainerSpec:
      credentials === undefined ? container : await withCredentials(client, container, credentials),
    ...(flags.network === undefined
      ? {}
      : { Networks: await attachNetworks(client, flags.network) }),
  };
}
