/** `skep node inspect --pretty`. */
import type { Node, NodeDescription } from "../../shared/docker-api/node-spec.js";
import { capitalized, humanSize } from "./human.js";
import { line, page, pairLines, section } from "./page.js";

const NANO = 1e9;

export function nodePage(node: Node): string {
  const { Spec: spec, Description: description, Status: status, ManagerStatus: manager } = node;
  return page([
    line("ID:\t\t\t", node.ID),
    line("Name:\t\t\t", spec.Name),
    section("Labels:", pairLines(" - ", spec.Labels)),
    `Hostname:              \t${description.Hostname ?? ""}`,
    `Joined at:             \t${joinedAt(node.CreatedAt)}`,
    "Status:",
    ` State:\t\t\t${capitalized(status.State ?? "")}`,
    line(" Message:              \t", capitalized(status.Message ?? "")),
    ` Availability:         \t${capitalized(spec.Availability ?? "")}`,
    line(" Address:\t\t", status.Addr),
    section(
      "Manager Status:",
      manager === undefined
        ? []
        : [
            ` Address:\t\t${manager.Addr ?? ""}`,
            ` Raft Status:\t\t${capitalized(manager.Reachability ?? "")}`,
            ` Leader:\t\t${manager.Leader === true ? "Yes" : "No"}`,
          ],
    ),
    "Platform:",
    ` Operating System:\t${description.Platform?.OS ?? ""}`,
    ` Architecture:\t\t${description.Platform?.Architecture ?? ""}`,
    "Resources:",
    ` CPUs:\t\t\t${Math.trunc((description.Resources?.NanoCPUs ?? 0) / NANO)}`,
    ` Memory:\t\t${humanSize(description.Resources?.MemoryBytes ?? 0)}`,
    section("Plugins:", pluginLines(description)),
    `Engine Version:\t\t${description.Engine?.EngineVersion ?? ""}`,
    section("Engine Labels:", pairLines(" - ", description.Engine?.Labels)),
    tlsSection(description),
  ]);
}

/** Docker prints Go's form of the time: `2026-01-01 10:00:00.5 +0000 Utc`. */
function joinedAt(timestamp: string): string {
  const [, date = timestamp, time = "", fraction = ""] =
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(timestamp) ?? [];
  const digits = fraction.replace(/\.?0+$/, "");
  return time === "" ? date : `${date} ${time}${digits} +0000 utc`;
}

function pluginLines({ Engine: engine }: NodeDescription): string[] {
  const byType = new Map<string, string[]>();
  for (const { Type: type = "", Name: name = "" } of engine?.Plugins ?? []) {
    byType.set(type, [...(byType.get(type) ?? []), name]);
  }
  return [...byType]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, names]) => ` ${type}:\t\t${names.join(", ")}`);
}

function tlsSection({ TLSInfo: tls }: NodeDescription): string | undefined {
  if (tls?.TrustRoot === undefined) return undefined;
  return [
    "TLS Info:",
    " TrustRoot:",
    tls.TrustRoot,
    ` Issuer Subject:\t${tls.CertIssuerSubject ?? ""}`,
    ` Issuer Public Key:\t${tls.CertIssuerPublicKey ?? ""}`,
  ].join("\n");
}
