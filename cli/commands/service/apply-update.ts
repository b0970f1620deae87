/** Sends a service's changed spec, and shows how the change takes effect. */
import type {
  Service,
  ServiceSpec,
  ServiceUpdateResponse,
} from "../../../shared/docker-api/service-spec.js";
import type { Client } from "../../client.js";
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
  { before, spec, rollback, registryAuth }: ServiceUpdate,
): Promise<void> {
  const query = {
    version: before.Version.Index,
    rollback,
    registryAuthFrom: registryAuth === undefined ? "spec" : undefined,
  };
  const updated = await client.call<ServiceUpdateResponse | undefined>(
    "POST",
    `/services/${before.ID}/update`,
    {
      query,
      body: spec,
      headers: registryAuth === undefined ? {} : { "x-registry-auth": registryAuth },
    },
  );
  for (const warning of updated?.Warnings ?? []) printLine(stderr, warning);
}
