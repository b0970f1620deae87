/** `skep node ls`: the hosts of the swarm, and which of them is this one. */
import type { Node } from "../../../shared/docker-api/node-spec.js";
import type { SystemInfo } from "../../../shared/docker-api/system.js";
import type { TLSInfo } from "../../../shared/docker-api/tls-info.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { filter, filterQuery } from "../../flags/filter.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { capitalized, compareNaturally } from "../../output/human.js";
import { LIST_FORMAT_FLAG, type ListView, printList } from "../../output/list-format.js";

interface NodeRow {
  readonly node: Node;
  readonly selfId: string;
  readonly clusterTls: TLSInfo | undefined;
}

const VIEW: ListView<NodeRow> = {
  fields: {
    ID: { header: "ID", of: ({ node }) => node.ID },
    Self: { header: "", of: ({ node, selfId }) => node.ID === selfId },
    Hostname: { header: "HOSTNAME", of: ({ node }) => node.Description.Hostname ?? "" },
    Status: { header: "STATUS", of: ({ node }) => capitalized(node.Status.State ?? "") },
    Availability: {
      header: "AVAILABILITY",
      of: ({ node }) => capitalized(node.Spec.Availability ?? ""),
    },
    ManagerStatus: { header: "MANAGER STATUS", of: ({ node }) => managerStatus(node) },
    EngineVersion: {
      header: "ENGINE VERSION",
      of: ({ node }) => node.Description.Engine?.EngineVersion ?? "",
    },
    TLSStatus: { header: "TLS STATUS", of: tlsStatus },
  },
  columns: [
    { header: "ID", of: ({ node, selfId }) => `${node.ID} ${node.ID === selfId ? "*" : " "}` },
    "Hostname",
    "Status",
    "Availability",
    "ManagerStatus",
    "EngineVersion",
  ],
};

const FLAGS = {
  filter: filter(),
  format: LIST_FORMAT_FLAG,
  quiet: toggle("Only display IDs", { short: "q" }),
} satisfies FlagSet;

export const listCommand = defineCommand({
  name: "ls",
  aliases: ["list"],
  summary: "List nodes in the swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const query = { filters: filterQuery(flags.filter ?? {}) };
    const nodes = await client.call<Node[]>("GET", "/nodes", { query });
    const ids = flags.quiet === true ? "only" : "with-columns";
    const info = ids === "only" ? {} : await client.call<SystemInfo>("GET", "/info");
    const rows = nodes
      .map((node) => ({
        node,
        selfId: info.Swarm?.NodeID ?? "",
        clusterTls: info.Swarm?.Cluster?.TLSInfo,
      }))
      .toSorted((a, b) =>
        compareNaturally(a.node.Description.Hostname ?? "", b.node.Description.Hostname ?? ""),
      );
    await printList(stdout, VIEW, rows, { format: flags.format, ids });
  },
});

function managerStatus({ ManagerStatus: status }: Node): string {
  if (status === undefined) return "";
  return status.Leader === true ? "Leader" : capitalized(status.Reachability ?? "");
}

/** Whether the node's certificate is of the root that the swarm has now. */
function tlsStatus({ node, clusterTls }: NodeRow): string {
  const nodeTls = node.Description.TLSInfo;
  if (clusterTls?.TrustRoot === undefined || nodeTls?.TrustRoot === undefined) return "Unknown";
  const same =
    nodeTls.TrustRoot === clusterTls.TrustRoot &&
    nodeTls.CertIssuerSubject === clusterTls.CertIssuerSubject &&
    nodeTls.CertIssuerPublicKey === clusterTls.CertIssuerPublicKey;
  return same ? "Ready" : "Needs Rotation";
}
