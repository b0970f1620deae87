/** Sends a service's changed spec, and shows how the change takes effect. */
import type {
  Service,
  ServiceSpec,
  ServiceUpdateResponse,
} from "../../../shared/docker-api/service-spec.js";
import type { CallOptions, Client } from "../../client.js";
import { type CommandContext, printLine } from "../../context.js";

export function inspectService(client: Client, reference: string): Promise<Service> {
  return client.call("GET", `/services/${encodeURIComponent(reference)}`);
}

export interface ServiceUpdate {
  /** As it was read: the daemon refuses the update if it has changed since. */
  readonly before: Service;
  readonly spec: ServiceSpec;
  readonly rollback?: "previous";
  /** Absent: the credentials stay those of the present spec. */
  readonly registryAuth?: string | undefined;
}

export async function applyUpdate(
  { client, stderr }: CommandContext,
  update: ServiceUpdate,
): Promise<void> {
  const path = `/services/${update.before.ID}/update`;
  const updated = await client.call<ServiceUpdateResponse | undefined>(
    "POST",
    path,
    callOf(update),
  );
  for (const warning of updated?.Warnings ?? []) printLine(stderr, warning);
}

/** What is sent for it, whether it is to be done or to be thought through. */
export function callOf({ before, spec, rollback, registryAuth }: ServiceUpdate): CallOptions {
  return {
    query: {
      version: before.Version.Index,
      rollback,
      registryAuthFrom: registryAuth === undefined ? "spec" : undefined,
    },
    body: spec,
    headers: registryAuth === undefined ? {} : { "x-registry-auth": registryAuth },
  };
}
