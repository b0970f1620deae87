/** `skep network ls`: the swarm's networks and this host's own. */
import type { Network } from "../../../shared/docker-api/network.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { filter, filterQuery } from "../../flags/filter.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { compareNaturally, shortId } from "../../output/human.js";
import { LIST_FORMAT_FLAG, type ListView, printList } from "../../output/list-format.js";

interface NetworkRow {
  readonly network: Network;
  readonly id: string;
}

const VIEW: ListView<NetworkRow> = {
  fields: {
    ID: { header: "NETWORK ID", of: ({ id }) => id },
    Name: { header: "NAME", of: ({ network }) => network.Name },
    Driver: { header: "DRIVER", of: ({ network }) => network.Driver ?? "" },
    Scope: { header: "SCOPE", of: ({ network }) => network.Scope ?? "" },
    IPv6: { header: "IPV6", of: ({ network }) => network.EnableIPv6 ?? false },
    Internal: { header: "INTERNAL", of: ({ network }) => network.Internal ?? false },
    Labels: { header: "LABELS", of: ({ network }) => labelsOf(network) },
    CreatedAt: { header: "CREATED AT", of: ({ network }) => network.Created ?? "" },
  },
  columns: ["ID", "Name", "Driver", "Scope"],
};

const FLAGS = {
  filter: filter(),
  format: LIST_FORMAT_FLAG,
  "no-trunc": toggle("Do not shorten the output"),
  quiet: toggle("Only display network IDs", { short: "q" }),
} satisfies FlagSet;

export const listCommand = defineCommand({
  name: "ls",
  aliases: ["list"],
  summary: "List networks",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const query = { filters: filterQuery(flags.filter ?? {}) };
    const networks = await client.call<Network[]>("GET", "/networks", { query });
    const rows = networks
      .map((network) => ({
        network,
        id: flags["no-trunc"] === true ? network.Id : shortId(network.Id),
      }))
      .toSorted((a, b) => compareNaturally(a.network.Name, b.network.Name));
    const ids = flags.quiet === true ? "only" : "with-columns";
    await printList(stdout, VIEW, rows, { format: flags.format, ids });
  },
});

function labelsOf({ Labels: labels = {} }: Network): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(",");
}
