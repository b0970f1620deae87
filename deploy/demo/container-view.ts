/** The demo's tasks as the containers that a Docker engine has. */
import Docker from "dockerode";

import type { SeenTask, TaskView } from "./task-view.js";

// The labels that every container of a task has, whatever made it.
const CLUSTER = "skep.cluster.id";
const NODE = "skep.node.id";
const TASK = "skep.task.id";

export class ContainerView implements TaskView {
  readonly #docker: Docker;
  readonly #clusterId: string;

  constructor(socket: string, clusterId: string) {
    this.#docker = new Docker({ socketPath: socket });
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
    await Promise.all(
      containers.map(({ Id }) => this.#docker.getContainer(Id).remove({ force: true, v: true })),
    );
  }

  #list(which: "running" | "all"): Promise<Docker.ContainerInfo[]> {
    const label = [`${CLUSTER}=${this.#clusterId}`];
    return this.#docker.listContainers({ all: which === "all", filters: { label } });
  }
}
