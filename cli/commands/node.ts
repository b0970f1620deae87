/** `skep node`: the hosts of the swarm. */
import type { Command } from "../command.js";
import { listCommand } from "./node/ls.js";

export const NODE_COMMANDS: readonly Command[] = [listCommand];
