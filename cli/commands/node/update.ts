/** `skep node update`: a node's availability, role and labels. */
import type { NodeSpec } from "../../../shared/docker-api/node-spec.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf, words } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import { type FlagSet, type FlagValues, list, many, text } from "../../flags/flag.js";
import { parseLabel, toMap } from "../../flags/key-values.js";
import { present } from "../../present.js";
import { AVAILABILITIES } from "../swarm/availability.js";
import { updateNode } from "./apply-update.js";

const FLAGS = {
  availability: text('Availability of the node ("active", "pause", "drain")', {
    completion: words(...AVAILABILITIES),
  }),
  "label-add": many("list", 'Add or update a node label ("key=value")', parseLabel),
  "label-rm": list("Remove a node label if exists"),
  role: text('Role of the node ("worker", "manager")', { completion: words("worker", "manager") }),
} satisfies FlagSet;

export const updateCommand = defineCommand({
  name: "update",
  summary: "Update a node",
  synopsis: "[OPTIONS] NODE",
  arguments: ONE_ARGUMENT,
  completion: namesOf("node"),
  flags: FLAGS,
  async run({ client, stdout }, { flags, args }) {
    const [reference = ""] = args;
    await updateNode(client, reference, ({ Spec: spec }) => ({
      ...spec,
      ...present({
        // The daemon knows the words, and says which they are.
        Role: flags.role as NodeSpec["Role"] | undefined,
        Availability: flags.availability as NodeSpec["Availability"] | undefined,
      }),
      Labels: editedLabels(spec.Labels ?? {}, flags),
    }));
    printLine(stdout, reference);
  },
});

/** Adding first; a label that is to go and is not there is an error, for it may be misspelt. */
function editedLabels(
  before: Readonly<Record<string, string>>,
  flags: FlagValues<typeof FLAGS>,
): Record<string, string> {
  const labels = new Map(Object.entries({ ...before, ...toMap(flags["label-add"] ?? []) }));
  for (const key of flags["label-rm"] ?? []) {
    if (!labels.delete(key)) throw new UsageError(`key ${key} doesn't exist in node's labels`);
  }
  return Object.fromEntries(labels);
}
