/** The service that is watched while hosts are lost, and when a cluster is whole again. */
import type { ServiceSpec } from "../../shared/docker-api/service-spec.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import type { EngineCalls } from "../engine-calls.js";
import type { HostContainers } from "../host-containers.js";
import { RUN_LABEL } from "../start-events.js";

/** A recovery that takes longer has failed. */
export const LIMIT_MS = 60_000;
export const REPLICAS_PER_HOST = 2;
/** A host that was lost several times has to stay for a while before it counts as ready. */
const READY_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 100;
const IMAGE = "skep/busybox:1";

export interface SeenNode {
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string };
}

/** @returns the nodes as they are then. */
export async function untilAllReady(api: EngineCalls): Promise<SeenNode[]> {
  const limit = AbortSignal.timeout(READY_LIMIT_MS);
  for (;;) {
    const nodes = await api.call<SeenNode[]>("GET", "/nodes");
    if (nodes.every(isWell)) return nodes;
    await systemClock.sleep(LOOK_EVERY_MS, limit);
  }
}

function isWell({ ManagerStatus: manager, Status }: SeenNode): boolean {
  return (
    Status.State === "ready" && (manager === undefined || manager.Reachability === "reachable")
  );
}

export function serviceSpec(run: string, replicas: number): ServiceSpec {
  return {
    Name: run,
    TaskTemplate: {
      ContainerSpec: {
        Image: IMAGE,
        Command: ["sleep", "10000"],
        Labels: { [RUN_LABEL]: run },
        // `sleep` as a container's first process ignores SIGTERM.
        StopSignal: "SIGKILL",
      },
    },
    Mode: { Replicated: { Replicas: replicas } },
  };
}

/** When those that were not there before began to run, on the hosts that are left (wall clock, ms). */
export function replacementsOf(
  containers: HostContainers,
  before: ReadonlySet<string>,
  victim: string,
): number[] {
  return containers.running
    .filter(({ id, host }) => !before.has(id) && host !== victim)
    .map(({ startedAtMs }) => startedAtMs);
}
