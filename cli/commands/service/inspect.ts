/**
 * `skep service inspect`: everything about services, as JSON, as a template says, or for reading.
 */
import type { Network } from "../../../shared/docker-api/network.js";
import type { Service } from "../../../shared/docker-api/service-spec.js";
import { type Client, parseAnswer } from "../../client.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { DaemonRefusedError, UsageError } from "../../errors.js";
import { INSPECT_FLAGS, printInspected } from "../../output/inspect.js";

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Display detailed information on one or more services",
  synopsis: "[OPTIONS] SERVICE [SERVICE...]",
  arguments: SOME_ARGUMENTS,
  completion: namesOf("service"),
  flags: INSPECT_FLAGS,
  async run({ client, stdout, clock }, { flags, args }) {
    await printInspected(stdout, flags, {
      references: args,
      fetch: (reference) => fetchService(client, reference),
      loadSchema: async () => (await import("../../../shared/docker-api/service-spec.js")).Service,
      renderPage: async (answer) => {
        const { servicePage } = await import("../../output/service-page.js");
        const service = parseAnswer(answer) as Service;
        const networkNames = await networkNamesOf(client, service);
        return servicePage(service, { networkNames, wallMs: clock.wallMs() });
      },
    });
  },
});

/** One that is gone, or that may not be seen, keeps its id. */
async function networkNamesOf(client: Client, service: Service): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const { Target: id = "" } of service.Spec.TaskTemplate?.Networks ?? []) {
    try {
      const path = `/networks/${encodeURIComponent(id)}`;
      const network = await client.call<Network>("GET", path, { query: { scope: "swarm" } });
      names.set(network.Id, network.Name);
    } catch (error) {
      if (!(error instanceof DaemonRefusedError)) throw error;
    }
  }
  return names;
}

async function fetchService(client: Client, reference: string): Promise<string> {
  const path = `/services/${encodeURIComponent(reference)}`;
  try {
    return await client.callRaw("GET", path, { query: { insertDefaults: true } });
  } catch (error) {
    if (!(error instanceof DaemonRefusedError) || error.httpStatus !== 404) throw error;
    throw new UsageError(`no such service: ${reference}`, { cause: error });
  }
}
