/** `skep task`: single tasks, by their ids as `service ps` shows them. */
import type { Verb } from "../command.js";
import { explainCommand } from "./task/explain.js";

export const TASK_COMMANDS: readonly Verb[] = [explainCommand];
