/**
 * Whether the ports that a service asks for can be had: by itself, and beside the other services.
 */
import type { EndpointPortConfig, EndpointSpec } from "../../../shared/docker-api/endpoint.js";
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { type Service, serviceName } from "../../../shared/model/service.js";

const PORT_MAX = 65_535;

/** @throws InvalidArgumentError */
export function checkEndpoint(endpoint: EndpointSpec): void {
  const taken = new Set<string>();
  for (const port of endpoint.Ports ?? []) {
    checkNumber("target", port.TargetPort ?? 0, 1);
    checkNumber("published", port.PublishedPort ?? 0, 0);
    if (endpoint.Mode === "dnsrr" && port.PublishMode === "ingress") {
      throw new InvalidArgumentError(
        "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
      );
    }
    if (!isChosen(port)) continue;
    if (taken.has(keyOf(port))) {
      throw new InvalidArgumentError(
        `EndpointSpec: duplicate published ports provided: ${keyOf(port)}`,
      );
    }
    taken.add(keyOf(port));
  }
}

function checkNumber(which: "target" | "published", port: number, least: 0 | 1): void {
  if (port < least || port > PORT_MAX) {
    throw new InvalidArgumentError(
      `EndpointSpec: invalid ${which} port ${port}: Must be from ${least} to ${PORT_MAX}`,
    );
  }
}

/**
 * A port of the mesh belongs to one service in the whole cluster. Ports on the tasks' own hosts are
 * the scheduler's business, as long as nobody has them in the mesh.
 * @param others every service but this one; asked for only where a port is wanted.
 * @throws InvalidArgumentError naming the port and its owner.
 */
export function checkPortsFree(endpoint: EndpointSpec, others: () => readonly Service[]): void {
  const wanted = (endpoint.Ports ?? []).filter(isChosen);
  if (wanted.length === 0) return;
  const modes = new Map(wanted.map((port) => [keyOf(port), port.PublishMode]));
  for (const other of others()) {
    // Those that the cluster chose for it are its own, too.
    for (const port of [
      ...(other.frame.EndpointSpec?.Ports ?? []),
      ...(other.endpoint?.ports ?? []),
    ]) {
      const mode = isChosen(port) ? modes.get(keyOf(port)) : undefined;
      if (mode === undefined || (mode === "host" && port.PublishMode === "host")) continue;
      const how = port.PublishMode === "host" ? "a host-published" : "an ingress";
      throw new InvalidArgumentError(
        `port '${port.PublishedPort ?? 0}' is already in use by service '${serviceName(other.frame)}' (${other.id}) as ${how} port`,
      );
    }
  }
}

/** A port that is left to the cluster to choose conflicts with none. */
function isChosen(port: EndpointPortConfig): boolean {
  return (port.PublishedPort ?? 0) > 0;
}

function keyOf(port: EndpointPortConfig): string {
  return `${port.PublishedPort ?? 0}/${port.Protocol ?? "tcp"}`;
}
