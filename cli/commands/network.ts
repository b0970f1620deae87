/** `skep network`: what joins the tasks of several hosts. */
import type { Verb } from "../command.js";
import { createCommand } from "./network/create.js";
import { inspectCommand } from "./network/inspect.js";
import { listCommand } from "./network/ls.js";
import { removeCommand } from "./network/rm.js";
import { traceCommand } from "./network/trace.js";
import { updateCommand } from "./network/update.js";

export const NETWORK_COMMANDS: readonly Verb[] = [
  createCommand,
  inspectCommand,
  listCommand,
  removeCommand,
  traceCommand,
  updateCommand,
];
