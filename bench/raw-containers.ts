/** The containers of a service made without Skep: the very bodies that an agent sends, by the shortest way. */
import { completeServiceSpec } from "../shared/docker-api/defaults.js";
import type { ServiceSpec } from "../shared/docker-api/service-spec.js";
import {
  type ClusterId,
  newId,
  type NodeId,
  type ServiceId,
  type TaskId,
} from "../shared/model/ids.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { containerConfig } from "../worker/engine/docker/container-config.js";
import { taskLabels } from "../worker/engine/docker/container-labels.js";
import type { EngineIdentity, TaskRun } from "../worker/engine/engine.js";
import { placeholderValues } from "../worker/engine/placeholder-values.js";
import type { EngineCalls } from "./engine-calls.js";

export class RawContainers {
  readonly #engine: EngineCalls;
  readonly #random = systemRandom();
  /** Of no cluster that there is: no agent touches them. */
  readonly #identity: EngineIdentity = {
    clusterId: newId<ClusterId>(this.#random),
    nodeId: newId<NodeId>(this.#random),
    hostname: "bench",
  };

  constructor(engine: EngineCalls) {
    this.#engine = engine;
  }

  /** Each is made and then started; so many of them at once. */
  async create(spec: ServiceSpec, replicas: number, concurrency: number): Promise<void> {
    const bodies = this.#bodies(spec, replicas).values();
    const worker = async (): Promise<void> => {
      for (const { name, body } of bodies) {
        const path = `/containers/create?name=${name}`;
        const { Id } = await this.#engine.call<{ Id: string }>("POST", path, body);
        await this.#engine.call("POST", `/containers/${Id}/start`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  #bodies(spec: ServiceSpec, replicas: number): { readonly name: string; readonly body: object }[] {
    const { TaskTemplate: template } = completeServiceSpec(spec);
    const serviceId = newId<ServiceId>(this.#random);
    return Array.from({ length: replicas }, (_, index) => {
      const run: TaskRun = {
        taskId: newId<TaskId>(this.#random),
        serviceId,
        slot: index + 1,
        hostPorts: [],
        template: {
          serviceId,
          revision: 1,
          serviceName: spec.Name ?? "",
          serviceLabels: {},
          template,
        },
      };
      const values = placeholderValues(run, this.#identity, {});
      const { Name: name } = values.Task;
      const labels = taskLabels(run, this.#identity, name);
      return { name, body: containerConfig({ spec: template, hostPorts: [], values, labels }) };
    });
  }
}
