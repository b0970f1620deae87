/** `skep version`: of this program, and of the daemon that it talks to. */
import type { ComponentVersion, SystemVersion } from "../../shared/docker-api/system.js";
import { SKEP_VERSION } from "../../shared/skep-version.js";
import { defineCommand, NO_ARGUMENTS } from "../command.js";
import type { FlagSet } from "../flags/flag.js";
import { INSPECT_FLAGS } from "../output/inspect.js";
import { page, section } from "../output/page.js";

const HEADING_WIDTH = 20;

const FLAGS = { format: INSPECT_FLAGS.format } satisfies FlagSet;

/** As Docker's clients call Node's names. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

interface Versions {
  readonly Client: Readonly<Record<string, string>>;
  readonly Server: SystemVersion | null;
}

export const versionCommand = defineCommand({
  name: "version",
  summary: "Show the version of skep and of skepd",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const own = {
      Version: SKEP_VERSION,
      ApiVersion: client.apiVersion,
      NodeVersion: process.version,
      Os: process.platform,
      Arch: GO_ARCHITECTURES[process.arch] ?? process.arch,
    };
    let server: SystemVersion | null = null;
    try {
      server = await client.call<SystemVersion>("GET", "/version");
    } finally {
      // This program's own version can be told even if nobody answers.
      stdout.write(await rendered({ Client: own, Server: server }, flags.format));
    }
  },
});

async function rendered(versions: Versions, format: string | undefined): Promise<string> {
  if (format === "json") return `${JSON.stringify(versions)}\n`;
  if (format !== undefined && format !== "") {
    const { Template } = await import("../output/template/template.js");
    return `${new Template(format).render(versions)}\n`;
  }
  const { Client: own, Server: server } = versions;
  return page([
    section("Client:", [
      row(" Version:", own["Version"]),
      row(" API version:", own["ApiVersion"]),
      row(" Node version:", own["NodeVersion"]),
      row(" OS/Arch:", `${own["Os"] ?? ""}/${own["Arch"] ?? ""}`),
    ]),
    server === null ? undefined : `\n${serverSection(server)}`,
  ]);
}

function serverSection(server: SystemVersion): string {
  const platform = server.Platform?.Name ?? "";
  const title = platform === "" ? "Server:" : `Server: ${platform}`;
  const details = {
    ApiVersion: `${server.ApiVersion ?? ""} (minimum version ${server.MinAPIVersion ?? ""})`,
    "OS/Arch": `${server.Os ?? ""}/${server.Arch ?? ""}`,
  };
  const alone = { Name: "Engine", Version: server.Version ?? "", Details: details };
  const components = server.Components ?? [alone];
  return [title, ...components.flatMap(componentLines)].join("\n");
}

function componentLines({
  Name: name,
  Version: version,
  Details: details,
}: ComponentVersion): string[] {
  const rows = Object.entries(details ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ` ${name}:`,
    row("  Version:", version),
    ...rows.map(([key, value]) => row(`  ${key}:`, value)),
  ];
}

function row(heading: string, value: string | undefined): string {
  return `${heading.padEnd(HEADING_WIDTH - 1)} ${value ?? ""}`.trimEnd();
}
