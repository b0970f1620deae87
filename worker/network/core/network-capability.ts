/**
 * Whether a host can do what overlay networks and the ingress ask of it, judged from what its
 * kernel and its programs showed, and how that stands in its node's description. Docker's own
 * form: a node that can has the network plugin `overlay`; one that cannot has not, and a label of
 * its engine says why.
 */
import type { NodeDescription } from "../../../shared/docker-api/node-spec.js";

export type NetworkCapability =
  | { readonly kind: "available" }
  /** `reason`: in words for whoever looks after the host. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** What a probe of the host found. */
export interface NetworkFindings {
  /** `CapEff` of `/proc/self/status`, hexadecimal; undefined where there is no such file. */
  readonly effectiveCapabilities: string | undefined;
  readonly missingPrograms: readonly string[];
  /** What the kernel said to a table of rules that was tried and not kept; undefined: it took it. */
  readonly refusal: string | undefined;
}

/**
 * By their bits (capability.h): the first changes devices and rules, the second enters the network
 * namespaces of containers.
 */
const NEEDED_CAPABILITIES = [
  { name: "CAP_NET_ADMIN", bit: 12n },
  { name: "CAP_SYS_ADMIN", bit: 21n },
] as const;

/** The programs that do the data plane. */
export const NETWORK_PROGRAMS = ["ip", "bridge", "nft", "nsenter", "setpriv"] as const;

/** The label of the engine that says why a host has no overlay networks. */
const NETWORK_LABEL = "skep.network";

export function judgeNetwork(findings: NetworkFindings): NetworkCapability {
  const { effectiveCapabilities, missingPrograms, refusal } = findings;
  if (effectiveCapabilities === undefined) return unavailable("this is no Linux kernel");
  const effective = BigInt(`0x${effectiveCapabilities}`);
  const lacking = NEEDED_CAPABILITIES.filter(({ bit }) => ((effective >> bit) & 1n) === 0n);
  if (lacking.length > 0) {
    return unavailable(
      `skepd runs without ${lacking.map(({ name }) => name).join(" and ")}; start it as root`,
    );
  }
  if (missingPrograms.length > 0) {
    return unavailable(
      `${missingPrograms.join(", ")} not found: install iproute2, nftables and util-linux`,
    );
  }
  if (refusal !== undefined) return unavailable(`the kernel takes no nftables rules: ${refusal}`);
  return { kind: "available" };
}

export function unavailable(reason: string): NetworkCapability {
  return { kind: "unavailable", reason };
}

/** The description with what the host's network can do; what its engine says of overlays is Swarm's. */
export function describeNetwork(
  description: NodeDescription,
  network: NetworkCapability,
): NodeDescription {
  const { Engine: engine = {} } = description;
  const others = (engine.Plugins ?? []).filter(
    ({ Type, Name }) => Type !== "Network" || Name !== "overlay",
  );
  if (network.kind === "unavailable") {
    const labels = { ...engine.Labels, [NETWORK_LABEL]: `unavailable: ${network.reason}` };
    return { ...description, Engine: { ...engine, Labels: labels, Plugins: others } };
  }
  // In the order of their names, as an engine's description has them.
  const after = others.findIndex(({ Type = "", Name = "" }) => `${Type}/${Name}` > OVERLAY_KEY);
  const plugins = others.toSpliced(after === -1 ? others.length : after, 0, OVERLAY);
  return { ...description, Engine: { ...engine, Plugins: plugins } };
}

const OVERLAY = { Type: "Network", Name: "overlay" } as const;
const OVERLAY_KEY = "Network/overlay";
