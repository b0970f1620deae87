/** `skep service update`: changes what is declared, then shows how the change takes effect. */
import type { Service } from "../../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { Client } from "../../client.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { type CommandContext, printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { applyUpdate, inspectService, type ServiceUpdate } from "./apply-update.js";
import {
  attachConfigs,
  attachNetworks,
  attachSecrets,
  networkId,
  withCredentials,
} from "./attach.js";
import { editedSpec } from "./edit-spec.js";
import { registryAuthFor } from "./registry-auth.js";
import { pinImage, withDefaultTag } from "./resolve-image.js";
import { UPDATE_COMMAND_FLAGS, type UpdateFlags } from "./update-flags.js";

/** Of the flags, those that go with `--rollback`: they say how to wait, not what to change. */
const BESIDE_ROLLBACK = ["rollback", "detach", "quiet"];

export const updateCommand = defineCommand({
  name: "update",
  summary: "Update a service",
  synopsis: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("service"),
  flags: UPDATE_COMMAND_FLAGS,
  async run(context, { flags, args }) {
    const [reference = ""] = args;
    const update = await declaredUpdate(context, flags, reference);
    await applyUpdate(context, update);
    printLine(context.stdout, reference);
    if (flags.detach === true) return;
    await waitOnService(context, {
      serviceId: update.before.ID,
      reference,
      wish: update.rollback === undefined ? "forward" : "rollback",
      before: update.before,
      progress: flags.quiet === true ? "quiet" : "shown",
    });
  },
});

/** What the flags make of the service as it is now. */
export async function declaredUpdate(
  context: CommandContext,
  flags: UpdateFlags,
  reference: string,
): Promise<ServiceUpdate> {
  const isRollback = flags.rollback === true;
  if (isRollback && Object.keys(flags).some((name) => !BESIDE_ROLLBACK.includes(name))) {
    throw new UsageError("other flags may not be combined with --rollback");
  }
  const before = await inspectService(context.client, reference);
  if (isRollback) return { before, spec: before.Spec, rollback: "previous" };
  return await changeOf(context, before, flags);
}

async function changeOf(
  context: CommandContext,
  before: Service,
  flags: UpdateFlags,
): Promise<ServiceUpdate> {
  const given =
    flags.image === undefined ? flags : { ...flags, image: withDefaultTag(flags.image) };
  const spec = editedSpec(before.Spec, given);
  const task = await reattached(context.client, spec.TaskTemplate ?? {}, flags);
  const registryAuth =
    flags["with-registry-auth"] === true
      ? registryAuthFor(task.ContainerSpec?.Image ?? "", context)
      : undefined;
  // An image that was not named again stays pinned as it is.
  const isResolved = flags.image !== undefined && flags["no-resolve-image"] !== true;
  const pinned = isResolved ? await pinImage(context, task, registryAuth) : task;
  return { before, spec: { ...spec, TaskTemplate: pinned }, registryAuth };
}

async function reattached(client: Client, task: TaskSpec, flags: UpdateFlags): Promise<TaskSpec> {
  const container = { ...task.ContainerSpec };
  const { "secret-add": addedSecrets = [], "secret-rm": removedSecrets = [] } = flags;
  if (addedSecrets.length + removedSecrets.length > 0) {
    const kept = (container.Secrets ?? []).filter(
      ({ SecretName: name = "" }) => !removedSecrets.includes(name),
    );
    container.Secrets = [...kept, ...(await attachSecrets(client, addedSecrets))];
  }
  const { "config-add": addedConfigs = [], "config-rm": removedConfigs = [] } = flags;
  if (addedConfigs.length + removedConfigs.length > 0) {
    const kept = (container.Configs ?? []).filter(
      ({ ConfigName: name = "", Runtime: runtime }) =>
        runtime !== undefined || !removedConfigs.includes(name),
    );
    container.Configs = [...kept, ...(await attachConfigs(client, addedConfigs))];
  }
  const credentials = flags["credential-spec"];
  return {
    ...task,
    ContainerSpec:
      credentials === undefined ? container : await withCredentials(client, container, credentials),
    ...(await reattachedNetworks(client, task, flags)),
  };
}

async function reattachedNetworks(
  client: Client,
  task: TaskSpec,
  flags: UpdateFlags,
): Promise<Pick<TaskSpec, "Networks">> {
  const { "network-add": added, "network-rm": removed } = flags;
  if (added === undefined && removed === undefined) return {};
  const removedIds = await Promise.all((removed ?? []).map((name) => networkId(client, name)));
  const kept = (task.Networks ?? []).filter(({ Target: id = "" }) => !removedIds.includes(id));
  const attached = await attachNetworks(client, added ?? []);
  const twice = attached.find(({ Target: id }) => kept.some(({ Target: other }) => other === id));
  if (twice !== undefined) {
    throw new UsageError(`service is already attached to network ${twice.Target ?? ""}`);
  }
  const networks = [...kept, ...attached];
  return { Networks: networks.toSorted((a, b) => ((a.Target ?? "") < (b.Target ?? "") ? -1 : 1)) };
}
