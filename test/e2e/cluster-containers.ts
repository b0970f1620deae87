/** The containers of a cluster as the engine itself shows them: what Skep says of them is what is under test. */
import Docker from "dockerode";

import { eventually } from "./eventually.js";

export interface ContainerFact {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly startedAt: string;
  /** While it runs: Docker's year one. */
  readonly finishedAt: string;
  readonly running: boolean;
  readonly pid: number;
}

/** Stopped ones included; sorted by name. */
export async function containersOf(
  engineSocket: string,
  clusterId: string,
): Promise<ContainerFact[]> {
  const docker = new Docker({ socketPath: engineSocket });
  const listed = await docker.listContainers({ all: true, filters: ofCluster(clusterId) });
  const facts = await Promise.all(
    listed.map(({ Id }) => docker.getContainer(Id).inspect().then(factOf, undefinedIfGone)),
  );
  return facts
    .filter((fact) => fact !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Resolves when the engine has none of them left. */
export async function removeContainers(engineSocket: string, clusterId: string): Promise<void> {
  const docker = new Docker({ socketPath: engineSocket });
  await eventually("the containers are removed", async () => {
    const left = await docker.listContainers({ all: true, filters: ofCluster(clusterId) });
    await Promise.allSettled(
      // Where it is refused, somebody else is removing it: the next look shows.
      left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
    );
    return left.length === 0 ? "none" : undefined;
  });
}

/** Behind Skep's back. */
export async function killContainer(engineSocket: string, id: string): Promise<void> {
  await new Docker({ socketPath: engineSocket }).getContainer(id).kill({ signal: "SIGKILL" });
}

function ofCluster(clusterId: string): { label: string[] } {
  return { label: [`skep.cluster.id=${clusterId}`] };
}

function factOf(details: Docker.ContainerInspectInfo): ContainerFact {
  const { Id: id, Name, State, Config } = details;
  return {
    id,
    name: Name.replace(/^\//, ""),
    service: Config.Labels["com.docker.swarm.service.name"] ?? "",
    startedAt: State.StartedAt,
    finishedAt: State.FinishedAt,
    running: State.Running,
    pid: State.Pid,
  };
}

function undefinedIfGone(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode === 404) return undefined;
  throw error;
}
