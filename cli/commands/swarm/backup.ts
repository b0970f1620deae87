/** `skep swarm backup FILE`: the whole state of the swarm, to be kept somewhere else. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { printLine } from "../../context.js";
import { humanSize } from "../../output/human.js";

/** It holds the root's key and the join tokens. */
const FILE_MODE = 0o600;

export const backupCommand = defineCommand({
  name: "backup",
  summary: "Write the state of the swarm to a file (it holds secrets: keep it safe)",
  synopsis: "FILE",
  arguments: ONE_ARGUMENT,
  flags: {},
  async run({ client, stdout }, { args: [file = ""] }) {
    const unfinished = `${file}.part`;
    const source = await client.download("/skep/v1/swarm/backup");
    const target = createWriteStream(unfinished, { mode: FILE_MODE, flush: true });
    try {
      await pipeline(source, target);
      await rename(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    printLine(stdout, `${file}: ${humanSize(target.bytesWritten)} written.`);
  },
});
