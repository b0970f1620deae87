/** `skep swarm restore FILE`: this host becomes the only manager of a swarm as a backup has it. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

import { BACKUP_TYPE } from "../../../shared/docker-api/consensus.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import { listenAddress } from "../../flags/addresses.js";
import { type FlagSet, text } from "../../flags/flag.js";

const FLAGS = {
  "advertise-addr": text('Advertised address (format: "<ip|interface>[:port]")'),
  "listen-addr": listenAddress(
    'Listen address (format: "<ip|interface>[:port]") (default 0.0.0.0:2377)',
  ),
} satisfies FlagSet;

export const restoreCommand = defineCommand({
  name: "restore",
  summary: "Make this host the manager of a swarm as a backup has it",
  synopsis: "[OPTIONS] FILE",
  arguments: ONE_ARGUMENT,
  flags: FLAGS,
  async run({ client, stdout }, { flags, args: [file = ""] }) {
    await checkReadable(file);
    const { NodeID: nodeId } = await client.upload<{ NodeID: string }>(
      "/skep/v1/swarm/restore",
      { type: BACKUP_TYPE, content: createReadStream(file) },
      { listenAddr: flags["listen-addr"], advertiseAddr: flags["advertise-addr"] },
    );
    printLine(stdout, `Swarm restored: current node (${nodeId}) is now its only manager.`);
    printLine(
      stdout,
      "Workers that know another manager's address only need this one's: start their skepd with --manager-addr, or join them again.",
    );
  },
});

async function checkReadable(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${file}: no such file`);
  if (!found.isFile()) throw new UsageError(`${file} is not a file`);
}
