/** `skep swarm`: start a swarm, join and leave it, its tokens and its settings. */
import type { Command } from "../command.js";
import { initCommand } from "./swarm/init.js";
import { joinCommand } from "./swarm/join.js";
import { joinTokenCommand } from "./swarm/join-token.js";
import { leaveCommand } from "./swarm/leave.js";

export const SWARM_COMMANDS: readonly Command[] = [
  initCommand,
  joinCommand,
  joinTokenCommand,
  leaveCommand,
];
