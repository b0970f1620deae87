/** `skep swarm`: start a swarm, join and leave it, its tokens and its settings. */
import type { Command } from "../command.js";
import { backupCommand } from "./swarm/backup.js";
import { caCommand } from "./swarm/ca.js";
import { initCommand } from "./swarm/init.js";
import { inspectCommand } from "./swarm/inspect.js";
import { joinCommand } from "./swarm/join.js";
import { joinTokenCommand } from "./swarm/join-token.js";
import { leaveCommand } from "./swarm/leave.js";
import { raftCommand } from "./swarm/raft.js";
import { restoreCommand } from "./swarm/restore.js";
import { updateCommand } from "./swarm/update.js";

export const SWARM_COMMANDS: readonly Command[] = [
  backupCommand,
  caCommand,
  initCommand,
  inspectCommand,
  joinCommand,
  joinTokenCommand,
  leaveCommand,
  raftCommand,
  restoreCommand,
  updateCommand,
];
