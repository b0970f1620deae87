/** `skep service scale`: as many tasks as asked for, of one or several services. */
import type { Service, ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import { defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { type CommandContext, printLine } from "../../context.js";
import { BadValueError, PartialFailureError, UsageError } from "../../errors.js";
import type { FlagSet } from "../../flags/flag.js";
import { parseUint } from "../../flags/numbers.js";
import { cut } from "../../flags/parse-line.js";
import { waitOnService } from "../../output/progress/wait-on-service.js";
import { collectFailures } from "../for-each.js";
import { applyUpdate, inspectService } from "./apply-update.js";
import { WAIT_FLAGS } from "./shared-flags.js";

const FLAGS = { detach: WAIT_FLAGS.detach } satisfies FlagSet;

interface Scaling {
  readonly reference: string;
  readonly replicasText: string;
}

export const scaleCommand = defineCommand({
  name: "scale",
  summary: "Scale one or multiple replicated services",
  synopsis: "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
  arguments: SOME_ARGUMENTS,
  completion: { kind: "names", of: "service", suffix: "=" },
  flags: FLAGS,
  async run(context, { flags, args }) {
    const scaled: { readonly reference: string; readonly before: Service }[] = [];
    const failures = await collectFailures(args.map(parseScaling), async (scaling) => {
      scaled.push({ reference: scaling.reference, before: await scale(context, scaling) });
    });
    const waitFailures =
      flags.detach === true
        ? []
        : await collectFailures(scaled, ({ reference, before }) =>
            waitOnService(context, {
              serviceId: before.ID,
              reference,
              wish: "forward",
              before,
              progress: "shown",
            }),
          );
    const all = [...failures, ...waitFailures].map(
      ({ item, message }) => `${item.reference}: ${message}`,
    );
    if (all.length > 0) throw new PartialFailureError(all);
  },
});

function parseScaling(given: string): Scaling {
  const [reference, replicasText = ""] = cut(given, "=");
  if (reference === "" || replicasText === "") {
    throw new UsageError(`invalid scale specifier '${given}' (must be SERVICE=REPLICAS)`);
  }
  return { reference, replicasText };
}

/** @returns the service as it was before */
async function scale(
  context: CommandContext,
  { reference, replicasText }: Scaling,
): Promise<Service> {
  const replicas = parseReplicas(replicasText);
  const before = await inspectService(context.client, reference);
  await applyUpdate(context, { before, spec: scaledSpec(before.Spec, replicas) });
  printLine(context.stdout, `${reference} scaled to ${replicas}`);
  return before;
}

function parseReplicas(given: string): number {
  try {
    return parseUint(given);
  } catch (cause) {
    if (!(cause instanceof BadValueError)) throw cause;
    throw new UsageError(`invalid replicas value ${given}: ${cause.message}`);
  }
}

function scaledSpec(spec: ServiceSpec, replicas: number): ServiceSpec {
  const { Replicated: replicated, ReplicatedJob: job } = spec.Mode ?? {};
  if (replicated !== undefined) return { ...spec, Mode: { Replicated: { Replicas: replicas } } };
  if (job !== undefined) {
    return { ...spec, Mode: { ReplicatedJob: { ...job, TotalCompletions: replicas } } };
  }
  throw new UsageError("scale can only be used with replicated or replicated-job mode");
}
