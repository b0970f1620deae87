/** `skep service`: what the swarm runs. */
import type { Verb } from "../command.js";
import { createCommand } from "./service/create.js";
import { explainCommand } from "./service/explain.js";
import { historyCommand } from "./service/history.js";
import { inspectCommand } from "./service/inspect.js";
import { listCommand } from "./service/ls.js";
import { PLAN_NOUN } from "./service/plan.js";
import { psCommand } from "./service/ps.js";
import { rebalanceCommand } from "./service/rebalance.js";
import { removeCommand } from "./service/rm.js";
import { rollbackCommand } from "./service/rollback.js";
import { scaleCommand } from "./service/scale.js";
import { updateCommand } from "./service/update.js";

export const SERVICE_COMMANDS: readonly Verb[] = [
  createCommand,
  explainCommand,
  historyCommand,
  inspectCommand,
  listCommand,
  PLAN_NOUN,
  psCommand,
  rebalanceCommand,
  removeCommand,
  rollbackCommand,
  scaleCommand,
  updateCommand,
];
