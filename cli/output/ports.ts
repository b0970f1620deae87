/** Published ports as Docker's tables show them, consecutive ones as ranges. */
import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";

interface PortRange {
  readonly protocol: string;
  readonly published: { readonly first: number; readonly last: number };
  readonly target: { readonly first: number; readonly last: number };
}

/** `*:80-81->8080-8081/tcp, *:53->53/udp`: the ports that every node answers on. */
export function publishedPorts(ports: readonly EndpointPortConfig[]): string {
  const sorted = ports
    .filter(({ PublishMode: mode }) => mode === undefined || mode === "ingress")
    .map(toRange)
    .toSorted(
      (a, b) => a.protocol.localeCompare(b.protocol) || a.published.first - b.published.first,
    );
  const ranges: PortRange[] = [];
  for (const port of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && continues(last, port)) ranges.splice(-1, 1, extended(last, port));
    else ranges.push(port);
  }
  return ranges.map(shown).join(", ");
}

/** `*:8080->80/tcp`: the ports of a task on its own host. */
export function hostPorts(ports: readonly EndpointPortConfig[]): string {
  return ports.map((port) => shown(toRange(port))).join(",");
}

function toRange(port: EndpointPortConfig): PortRange {
  const published = port.PublishedPort ?? 0;
  const target = port.TargetPort ?? 0;
  return {
    protocol: port.Protocol ?? "tcp",
    published: { first: published, last: published },
    target: { first: target, last: target },
  };
}

/**
 * Several ports to one target, or each to its own: `80-81->80` and
 * `80-81->80-81`, but not both in one.
 */
function continues(range: PortRange, port: PortRange): boolean {
  if (range.protocol !== port.protocol) return false;
  if (port.published.first - range.published.last > 1) return false;
  const step = port.target.first - range.target.last;
  const manyTargets = range.target.last > range.target.first;
  const oneTarget = range.published.last > range.published.first && !manyTargets;
  if (manyTargets) return step === 1;
  return oneTarget ? step === 0 : step === 0 || step === 1;
}

function extended(range: PortRange, port: PortRange): PortRange {
  return {
    protocol: range.protocol,
    published: { first: range.published.first, last: port.published.last },
    target: { first: range.target.first, last: port.target.last },
  };
}

function shown({ protocol, published, target }: PortRange): string {
  return `*:${span(published)}->${span(target)}/${protocol}`;
}

function span({ first, last }: { readonly first: number; readonly last: number }): string {
  return last > first ? `${first}-${last}` : String(first);
}
