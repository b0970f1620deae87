/** What people read of a laboratory. */
import type { Laboratory } from "./laboratory.js";
import type { DaemonStatus, HostStatus } from "./status.js";

const GAP = "  ";

/** What can be done with one that has just come up. */
export function describeUp({ dir, hosts }: Laboratory): string {
  const [first] = hosts;
  const last = hosts.at(-1);
  return `
Talk to it:

  export SKEP_LAB_DIR=${dir}
  export DOCKER_HOST=unix://${first?.skepSocket ?? ""}
  docker node ls
  npm run lab -- exec ${first?.name ?? ""} -- skep info
  npm run lab -- cut ${last?.name ?? ""}
  npm run lab -- status

End it:

  npm run lab -- down --dir ${dir}`;
}

export function statusTable(hosts: readonly HostStatus[]): string {
  const header = ["HOST", "ADDRESS", "LINK", "DOCKERD", "SKEPD", "NODE", "CONTAINERS"];
  const rows = hosts.map((host) => [
    host.name,
    host.address,
    describeLink(host),
    describeDaemon(host, host.dockerd),
    describeDaemon(host, host.skepd),
    host.node ?? "?",
    host.containers === undefined ? "?" : String(host.containers),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

function describeLink({ link, cutOffFrom }: HostStatus): string {
  return cutOffFrom.length === 0 ? link : `${link}, not to ${cutOffFrom.join(", ")}`;
}

function describeDaemon({ runs }: HostStatus, daemon: DaemonStatus | undefined): string {
  if (runs === "no") return "off";
  if (daemon === undefined) return "not running";
  const pid = `pid ${daemon.pid}`;
  if (runs === "paused") return `paused (${pid})`;
  return daemon.version === undefined ? `silent (${pid})` : `${daemon.version} (${pid})`;
}
