/** The demo's tasks as the containers that a Docker engine has. */
import type Docker from "dockerode";

import { dockerAt } from "./docker-at.js";
import type { SeenTask, TaskView } from "./task-view.js";

// The labels that every container of a task has, whatever made it.
const CLUSTER = "skep.cluster.id";
const NODE = "skep.node.id";
const TASK = "skep.task.id";

export class ContainerView implements TaskView {
  readonly #docker: Docker;
  readonly #clusterId: string;

  constructor(socket: string, clusterId: string) {
    this.#docker = dockerAt(socket);
    this.#clusterId = clusterId;
  }

  async running(): Promise<readonly SeenTask[]> {
    const containers = await this.#list("running");
    return containers.map(({ Id, Labels }) => ({
      taskId: Labels[TASK] ?? "",
      nodeId: Labels[NODE] ?? "",
      handle: Id,
    }));
  }

  async count(): Promise<number> {
    return (await this.#list("all")).length;
  }

  async kill({ handle }: SeenTask): Promise<void> {
    await this.#docker.getContainer(handle).kill();
  }

  async removeAll(): Promise<void> {
    const containers = await this.#list("all");
    await Promise.all(containers.map(({ Id }) => this.#remove(Id)));
  }

  async #remove(id: string): Promise<void> {
    const container = this.#docker.getContainer(id);
    try {
      await container.remove({ force: true, v: true });
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 404) return;
      if (statusCode !== 409) throw error;
      await container.wait({ condition: "removed" }); // the engine is at it, told so by a daemon
    }
  }

  #list(which: "running" | "all"): Promise<Docker.ContainerInfo[]> {
    const label = [`${CLUSTER}=${this.#clusterId}`];
    return this.#docker.listContainers({ all: which === "all", filters: { label } });
  }
}
