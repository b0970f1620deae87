/**
 * What the devices of an overlay are called on every host: by the network's VNI, within the 15
 * characters that the kernel allows. Each also carries an alias that says whose it is, so that
 * nobody else's device is ever taken for ours.
 */
import { isIpv6, type OverlayNetwork } from "../../../shared/model/node-networks.js";

/** Of every device of ours; what follows is the id of its network. */
export const ALIAS_PREFIX = "skep network ";

export function bridgeName({ vni }: Pick<OverlayNetwork, "vni">): string {
  return `skep${vni}`;
}

/**
 * Other names of the same bridge, for the further subnets of a network: an engine takes one subnet
 * and one bridge for each of its networks.
 */
export function furtherBridgeNames({
  vni,
  subnets,
}: Pick<OverlayNetwork, "vni" | "subnets">): readonly string[] {
  const count = subnets.filter(({ cidr }) => !isIpv6(cidr)).length;
  return Array.from({ length: Math.max(0, count - 1) }, (_, at) => `skep${vni}x${at + 1}`);
}

export function vxlanName({ vni }: Pick<OverlayNetwork, "vni">): string {
  return `skvx${vni}`;
}

/** What a device of ours can be called at all: others are not looked at. */
export const LINK_NAME = /^(skep|skvx)\d+$/;
/** What a further name of a bridge of ours can be. */
export const FURTHER_NAME = /^skep\d+x\d+$/;
