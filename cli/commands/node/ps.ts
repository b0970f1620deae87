/** `skep node ps`: the tasks on nodes, by default on the one that the daemon runs on. */
import type { Node } from "../../../shared/docker-api/node-spec.js";
import type { Task } from "../../../shared/docker-api/task.js";
import { ANY_ARGUMENTS, defineCommand } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { PartialFailureError } from "../../errors.js";
import { filterQuery, withFilter } from "../../flags/filter.js";
import { IDS_AS_NAMES, namesFrom } from "../../output/names.js";
import { printTasks, TASK_LIST_FLAGS } from "../../output/task-list.js";
import { collectFailures } from "../for-each.js";
import { nodeReference } from "./self.js";

export const psCommand = defineCommand({
  name: "ps",
  summary: "List tasks running on one or more nodes, defaults to current node",
  synopsis: "[OPTIONS] [NODE...]",
  arguments: ANY_ARGUMENTS,
  completion: namesOf("node"),
  flags: TASK_LIST_FLAGS,
  async run({ client, stdout, clock }, { flags, args }) {
    const tasks: Task[] = [];
    const failures = await collectFailures(args.length === 0 ? ["self"] : args, async (given) => {
      const reference = await nodeReference(client, given);
      const path = `/nodes/${encodeURIComponent(reference)}`;
      const { ID: nodeId } = await client.call<Node>("GET", path);
      const filters = filterQuery(withFilter(flags.filter ?? {}, "node", nodeId));
      tasks.push(...(await client.call<Task[]>("GET", "/tasks", { query: { filters } })));
    });
    if (failures.length === 0 || tasks.length > 0) {
      const names = flags["no-resolve"] === true ? IDS_AS_NAMES : namesFrom(client);
      await printTasks({ stdout, names, wallMs: clock.wallMs() }, tasks, flags);
    }
    if (failures.length > 0) throw new PartialFailureError(failures.map(({ message }) => message));
  },
});
