/** `skep service scale`: as many tasks as asked for, of one or several services. */
import type {
  Service,
  ServiceSpec,
  ServiceUpdateResponse,
} from "../../../shared/docker-api/service-spec.js";
import type { Client } from "../../client.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { type CommandContext, printLine } from "../../context.js";
import { BadValueError, UsageError } from "../../errors.js";
import type { FlagSet } from "../../flags/flag.js";
import { parseUint } from "../../flags/numbers.js";
import { cut } from "../../flags/parse-line.js";
import { forEachReference } from "../for-each.js";
import { WAIT_FLAGS } from "./shared-flags.js";

const FLAGS = { detach: WAIT_FLAGS.detach } satisfies FlagSet;

export const scaleCommand = defineCommand({
  name: "scale",
  summary: "Scale one or multiple replicated services",
  synopsis: "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
  arguments: SOME_ARGUMENTS,
  completion: { kind: "names", of: "service", suffix: "=" },
  flags: FLAGS,
  async run(context, { args }) {
    const wanted = args.map(parseScale);
    await forEachReference(
      wanted.map(({ reference }) => reference),
      async (reference) => {
        const replicas = wanted.find((one) => one.reference === reference)?.replicas ?? "";
        await scale(context, reference, replicas);
      },
    );
  },
});

interface ScaleArgument {
  readonly reference: string;
  readonly replicas: string;
}

function parseScale(given: string): ScaleArgument {
  const [reference, replicas = ""] = cut(given, "=");
  if (reference === "" || replicas === "") {
    throw new UsageError(`invalid scale specifier '${given}' (must be SERVICE=REPLICAS)`);
  }
  return { reference, replicas };
}

async function scale(
  { client, stdout, stderr }: CommandContext,
  reference: string,
  replicasText: string,
): Promise<void> {
  const replicas = parseReplicas(reference, replicasText);
  const service = await inspectService(client, reference);
  const body = scaledSpec(service.Spec, reference, replicas);
  const path = `/services/${service.ID}/update`;
  const query = { version: service.Version.Index };
  const updated = await client.call<ServiceUpdateResponse>("POST", path, { query, body });
  for (const warning of updated.Warnings ?? []) printLine(stderr, warning);
  printLine(stdout, `${reference} scaled to ${replicas}`);
}

export function inspectService(client: Client, reference: string): Promise<Service> {
  return client.call("GET", `/services/${encodeURIComponent(reference)}`);
}

function parseReplicas(reference: string, given: string): number {
  try {
    return parseUint(given);
  } catch (cause) {
    if (!(cause instanceof BadValueError)) throw cause;
    throw new UsageError(`${reference}: invalid replicas value ${given}: ${cause.message}`);
  }
}

function scaledSpec(spec: ServiceSpec, reference: string, replicas: number): ServiceSpec {
  const { Replicated: replicated, ReplicatedJob: job } = spec.Mode ?? {};
  if (replicated !== undefined) return { ...spec, Mode: { Replicated: { Replicas: replicas } } };
  if (job !== undefined) {
    return { ...spec, Mode: { ReplicatedJob: { ...job, TotalCompletions: replicas } } };
  }
  throw new UsageError(
    `${reference}: scale can only be used with replicated or replicated-job mode`,
  );
}
