/** Whether an observation says anything new: agents repeat themselves after every reconnect. */
import type { PublishedPort, TaskStatus } from "../../../../shared/model/task.js";

/** When it was observed does not count. */
export function sameStatus(a: TaskStatus, b: TaskStatus): boolean {
  return (
    a.state === b.state &&
    a.message === b.message &&
    a.error === b.error &&
    sameContainer(a, b) &&
    samePorts(a.ports ?? [], b.ports ?? [])
  );
}

export function sameContainer(a: TaskStatus, b: TaskStatus): boolean {
  return (
    a.container?.containerId === b.container?.containerId &&
    a.container?.pid === b.container?.pid &&
    a.container?.exitCode === b.container?.exitCode &&
    a.container?.isUnhealthy === b.container?.isUnhealthy
  );
}

function samePorts(a: readonly PublishedPort[], b: readonly PublishedPort[]): boolean {
  return (
    a.length === b.length &&
    a.every((port, index) => {
      const other = b[index];
      return (
        port.protocol === other?.protocol &&
        port.targetPort === other.targetPort &&
        port.publishedPort === other.publishedPort
      );
    })
  );
}
