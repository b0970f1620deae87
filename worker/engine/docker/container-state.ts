/** What the engine says of a container, read as what is observed of a task: pure. */
import { PORT_PROTOCOLS, type PublishedPort } from "../../../shared/model/task.js";
import { type Health, HEALTH_STATES, type TaskObservation } from "../core/observation.js";

/** Of `GET /containers/{id}/json`, what we read. */
export interface ContainerInspect {
  readonly Id: string;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string } | null;
  };
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  };
}

interface PortBinding {
  readonly HostPort: string;
}

export function observationOf(inspect: ContainerInspect): TaskObservation {
  const { Id: containerId, State: state } = inspect;
  const health = healthOf(state.Health?.Status);
  if (state.Running) {
    return { kind: "running", containerId, pid: state.Pid, health, ports: portsOf(inspect) };
  }
  // `created` also after a start that failed: it may be tried again, and fails
  // again in the same words.
  if (state.Status === "created") return { kind: "created", containerId };
  const reason = state.OOMKilled ? "killed for lack of memory (OOM)" : state.Error;
  return {
    kind: "exited",
    containerId,
    exitCode: state.ExitCode,
    health,
    ...(reason === "" ? {} : { reason }),
  };
}

function healthOf(status: string | undefined): Health {
  return HEALTH_STATES.find((known) => known === status) ?? "none";
}

/** One per port of the container: the engine lists IPv4 and IPv6 apart, with the same number. */
function portsOf({ NetworkSettings }: ContainerInspect): PublishedPort[] {
  return Object.entries(NetworkSettings?.Ports ?? {}).flatMap(([key, bindings]) => {
    const [target, protocol] = key.split("/");
    const known = PORT_PROTOCOLS.find((name) => name === protocol);
    if (known === undefined) return [];
    const published = new Set((bindings ?? []).map(({ HostPort }) => Number(HostPort)));
    return [...published].map((publishedPort) => {
      return { protocol: known, targetPort: Number(target), publishedPort };
    });
  });
}
