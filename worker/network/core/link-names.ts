/**
 * What the devices of an overlay are called on every host: by the network's VNI, within the 15
 * characters that the kernel allows. Each also carries an alias that says whose it is, so that
 * nobody else's device is ever taken for ours.
 */
import type { OverlayNetwork } from "../../../shared/model/node-networks.js";

/** Of every device of ours; what follows is the id of its network. */
export const ALIAS_PREFIX = "skep network ";

export function bridgeName({ vni }: Pick<OverlayNetwork, "vni">): string {
  return `skep${vni}`;
}

export function vxlanName({ vni }: Pick<OverlayNetwork, "vni">): string {
  return `skvx${vni}`;
}

/** What a device of ours can be called at all: others are not looked at. */
export const LINK_NAME = /^(skep|skvx)\d+$/;
