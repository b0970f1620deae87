/** What a user should know of a spec that is accepted although not all of it takes effect yet. */
import type { ServiceFrame } from "../../../shared/docker-api/service-spec.js";

export function warningsFor(frame: ServiceFrame): readonly string[] {
  const ports = (frame.EndpointSpec?.Ports ?? []).filter((port) => port.PublishMode !== "host");
  return ports.map(
    (port) =>
      `port ${port.PublishedPort ?? 0}->${port.TargetPort ?? 0}/${port.Protocol ?? "tcp"} is not reachable: ` +
      "publishing in ingress mode is not available yet, mode=host is",
  );
}
