/** `skep service ls`: the services, how many tasks each has and wants, and its published ports. */
import type { Service } from "../../../shared/docker-api/service-spec.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { filter, filterQuery } from "../../flags/filter.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { compareNaturally, shortId, shortImage } from "../../output/human.js";
import { LIST_FORMAT_FLAG, type ListView, printList } from "../../output/list-format.js";
import { publishedPorts } from "../../output/ports.js";

const VIEW: ListView<Service> = {
  fields: {
    ID: { header: "ID", of: ({ ID: id }) => shortId(id) },
    Name: { header: "NAME", of: ({ Spec: spec }) => spec.Name ?? "" },
    Mode: { header: "MODE", of: modeOf },
    Replicas: { header: "REPLICAS", of: replicasOf },
    Image: {
      header: "IMAGE",
      of: ({ Spec: spec }) => shortImage(spec.TaskTemplate?.ContainerSpec?.Image ?? ""),
    },
    Ports: {
      header: "PORTS",
      of: ({ Endpoint: endpoint }) => publishedPorts(endpoint.Ports ?? []),
    },
  },
  columns: ["ID", "Name", "Mode", "Replicas", "Image", "Ports"],
};

const FLAGS = {
  filter: filter(),
  format: LIST_FORMAT_FLAG,
  quiet: toggle("Only display IDs", { short: "q" }),
} satisfies FlagSet;

export const listCommand = defineCommand({
  name: "ls",
  aliases: ["list"],
  summary: "List services",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const ids = flags.quiet === true ? "only" : "with-columns";
    const query = {
      filters: filterQuery(flags.filter ?? {}),
      status: ids === "only" ? undefined : true,
    };
    const services = await client.call<Service[]>("GET", "/services", { query });
    const rows = services.toSorted((a, b) =>
      compareNaturally(a.Spec.Name ?? "", b.Spec.Name ?? ""),
    );
    await printList(stdout, VIEW, rows, { format: flags.format, ids });
  },
});

function modeOf({ Spec: { Mode: mode = {} } }: Service): string {
  if (mode.Global !== undefined) return "global";
  if (mode.ReplicatedJob !== undefined) return "replicated job";
  if (mode.GlobalJob !== undefined) return "global job";
  return mode.Replicated === undefined ? "" : "replicated";
}

function replicasOf({ Spec: spec, ServiceStatus: status }: Service): string {
  const {
    RunningTasks: running = 0,
    DesiredTasks: desired = 0,
    CompletedTasks: completed = 0,
  } = status ?? {};
  const { ReplicatedJob: job, GlobalJob: globalJob, Replicated: replicated } = spec.Mode ?? {};
  const ratio = `${running}/${desired}`;
  if (job !== undefined) return `${ratio} (${completed}/${job.TotalCompletions ?? 0} completed)`;
  // A global job wants the tasks that are still to complete; all of its tasks are
  // these and the completed.
  if (globalJob !== undefined) return `${ratio} (${completed}/${desired + completed} completed)`;
  const maxPerNode = spec.TaskTemplate?.Placement?.MaxReplicas ?? 0;
  return replicated !== undefined && maxPerNode > 0
    ? `${ratio} (max ${maxPerNode} per node)`
    : ratio;
}
