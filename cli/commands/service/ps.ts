/** `skep service ps`: the tasks of services, where they run, how they fare, and why not. */
import type { Service } from "../../../shared/docker-api/service-spec.js";
import type { Task } from "../../../shared/docker-api/task.js";
import type { Client } from "../../client.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { PartialFailureError } from "../../errors.js";
import { filterQuery, withFilter } from "../../flags/filter.js";
import { IDS_AS_NAMES, namesFrom } from "../../output/names.js";
import { printTasks, TASK_LIST_FLAGS } from "../../output/task-list.js";
import { resolveSelf } from "../node/self.js";

export const psCommand = defineCommand({
  name: "ps",
  summary: "List the tasks of one or more services",
  synopsis: "[OPTIONS] SERVICE [SERVICE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("service"),
  flags: TASK_LIST_FLAGS,
  async run({ client, stdout, clock }, { flags, args }) {
    const { found, missing } = await findServices(client, args);
    if (found.length === 0) throw new PartialFailureError(missing);
    let filters = await resolveSelf(client, flags.filter ?? {});
    for (const { ID: id } of found) filters = withFilter(filters, "service", id);
    const query = { filters: filterQuery(filters) };
    const tasks = await client.call<Task[]>("GET", "/tasks", { query });
    const names = flags["no-resolve"] === true ? IDS_AS_NAMES : namesFrom(client);
    await printTasks({ stdout, names, wallMs: clock.wallMs() }, tasks, flags);
    if (missing.length > 0) throw new PartialFailureError(missing);
  },
});

interface FoundServices {
  readonly found: readonly Service[];
  /** A sentence for each that is not there. */
  readonly missing: readonly string[];
}

async function findServices(client: Client, references: readonly string[]): Promise<FoundServices> {
  const listed = async (key: "id" | "name"): Promise<Service[]> => {
    const filters = references.reduce((all, one) => withFilter(all, key, one), {});
    return client.call("GET", "/services", { query: { filters: filterQuery(filters) } });
  };
  const [byId, byName] = await Promise.all([listed("id"), listed("name")]);
  const found: Service[] = [];
  const missing: string[] = [];
  for (const reference of references) {
    const service = pickService(reference, byId, byName);
    if (service === undefined) missing.push(`no such service: ${reference}`);
    else found.push(service);
  }
  return { found, missing };
}

/**
 * Whole id, then whole name, then the one id that begins so; the filters match beginnings of both.
 */
function pickService(
  reference: string,
  byId: readonly Service[],
  byName: readonly Service[],
): Service | undefined {
  const exact =
    byId.find(({ ID: id }) => id === reference) ??
    byName.find(({ Spec: spec }) => spec.Name === reference);
  if (exact !== undefined) return exact;
  const [only, ...others] = byId.filter(({ ID: id }) => id.startsWith(reference));
  if (others.length > 0) {
    throw new PartialFailureError([`multiple services found with provided prefix: ${reference}`]);
  }
  return only;
}
