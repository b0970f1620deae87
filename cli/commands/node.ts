/** `skep node`: the hosts of the swarm. */
import type { Command } from "../command.js";
import { drainCommand } from "./node/drain.js";
import { inspectCommand } from "./node/inspect.js";
import { listCommand } from "./node/ls.js";
import { psCommand } from "./node/ps.js";
import { removeCommand } from "./node/rm.js";
import { demoteCommand, promoteCommand } from "./node/role.js";
import { updateCommand } from "./node/update.js";

export const NODE_COMMANDS: readonly Command[] = [
  demoteCommand,
  drainCommand,
  inspectCommand,
  listCommand,
  promoteCommand,
  psCommand,
  removeCommand,
  updateCommand,
];
