/**
 * Keeps the overlays' devices and entries in the host's kernel as they are wanted: bridges, VXLAN
 * devices, and who is behind which host. Like every keeper here it applies only what differs from
 * what is there; called from one place at a time.
 */
import { FailedPreconditionError } from "../../shared/errors/cluster-error.js";
import { isIpv6, type NodeNetworks } from "../../shared/model/node-networks.js";
import { bridgeName } from "./core/link-names.js";
import {
  changeOverlay,
  type OverlayBatches,
  type OverlayState,
  wantedOverlay,
} from "./core/overlay-state.js";
import { presentOverlay, type ShownLink } from "./core/present-overlay.js";
import type { Kernel } from "./kernel.js";
import type { Repairs } from "./table-keeper.js";
import { ToldProgram, type ToldProgramWords } from "./told-program.js";

interface Believed {
  readonly state: OverlayState;
  readonly underlayMtu: number;
}

export class OverlayKeeper {
  readonly #kernel: Kernel;
  readonly #ip: ToldProgram;
  readonly #bridge: ToldProgram;
  #believed: Believed | undefined;
  #wanted: OverlayState | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#ip = new ToldProgram(kernel, batchWords("ip"));
    this.#bridge = new ToldProgram(kernel, batchWords("bridge"));
  }

  /**
   * @throws FailedPreconditionError this host does not have the underlay's address
   * @throws KernelRefusedError then it is not known what is there, and is looked at the next time
   */
  async apply(node: NodeNetworks): Promise<void> {
    const { state, underlayMtu } = this.#believed ?? (await this.#read(node));
    await this.#change(state, wantedOverlay(node, underlayMtu), underlayMtu);
  }

  /** Looks what is there, and puts it right. @throws as `apply` */
  async mend(node: NodeNetworks): Promise<Repairs> {
    // Somebody may have made a device anew, which has another number now: see `#carryOut`.
    this.rest();
    const { state, underlayMtu } = await this.#read(node);
    const { links, forwarding, neighbours } = await this.#change(
      state,
      wantedOverlay(node, underlayMtu),
      underlayMtu,
    );
    return [...links, ...forwarding, ...neighbours];
  }

  /** Removes every device of ours that there is. */
  async remove(): Promise<void> {
    this.#believed = undefined;
    const state = presentOverlay(await this.#kernel.listOverlay("ipv4"));
    await this.#carryOut(changeOverlay(state, NOTHING));
    this.rest();
  }

  /** Keeps nothing open until the next change. */
  rest(): void {
    this.#ip.close();
    this.#bridge.close();
  }

  /** As it was wanted last, also while the change is on its way. */
  get wanted(): OverlayState | undefined {
    return this.#wanted;
  }

  /** What containers on the network are to have, once `apply` has said nothing. */
  mtuOf(network: { readonly vni: number }): number | undefined {
    return this.#wanted?.bridges.get(bridgeName(network))?.mtu;
  }

  async #read({ networks, underlay }: NodeNetworks): Promise<Believed> {
    const hasIpv6 = networks.some(({ subnets }) => subnets.some(({ cidr }) => isIpv6(cidr)));
    const listing = await this.#kernel.listOverlay(hasIpv6 ? "both" : "ipv4");
    const link = listing.links.find((one) => hasAddress(one, underlay.address));
    if (link === undefined && networks.length > 0) {
      throw new FailedPreconditionError(
        `this host has no interface with the address ${underlay.address}, which the other nodes send to`,
      );
    }
    return { state: presentOverlay(listing), underlayMtu: link?.mtu ?? 0 };
  }

  async #change(
    present: OverlayState,
    wanted: OverlayState,
    underlayMtu: number,
  ): Promise<OverlayBatches> {
    this.#believed = undefined;
    this.#wanted = wanted;
    const batches = changeOverlay(present, wanted);
    await this.#carryOut(batches);
    this.#believed = { state: wanted, underlayMtu };
    return batches;
  }

  /** What is open has once asked for each device's number, and never asks again: a new one has another. */
  async #carryOut({ links, forwarding, neighbours }: OverlayBatches): Promise<void> {
    if (links.length > 0) {
      this.rest();
      await this.#ip.tell(textOf(links));
      this.rest();
    }
    await Promise.all([this.#bridge.tell(textOf(forwarding)), this.#ip.tell(textOf(neighbours))]);
  }
}

const NOTHING: OverlayState = {
  bridges: new Map(),
  tunnels: new Map(),
  forwarding: new Map(),
  neighbours: new Map(),
  strays: [],
};

function hasAddress({ addr_info: addresses = [] }: ShownLink, address: string): boolean {
  return addresses.some(({ local }) => local === address);
}

/** Every line is tried, also after one that failed, unless the program ends over it. */
function batchWords(program: "ip" | "bridge"): ToldProgramWords {
  const words = [program, "-force", "-batch", "-"] as const;
  return { open: words, once: words, separator: "\n" };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
