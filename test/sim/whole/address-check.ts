/**
 * DESIGN 5, point 7: no address, VNI, subnet or published port has two owners, tasks on hosts out of
 * reach counted; and an address that was given back rests for a minute before somebody else has it.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { NetworkAddresses } from "../../../shared/model/network.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Check, Ground } from "./ground.js";

/** What still knows the old owner has forgotten it by then. */
const REST_MS = 60_000;

interface Freed {
  readonly owner: string;
  readonly atMs: number;
}

export class AddressCheck implements Check {
  readonly points = "7";
  readonly #ground: Ground;
  #owners = new Map<string, string>();
  readonly #freed = new Map<string, Freed>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    if (!events.some(({ type }) => type !== "revision" && type !== "cluster")) return;
    const owners = this.#count();
    const { nowMs } = this.#ground;
    for (const [what, owner] of owners) {
      const before = this.#owners.get(what);
      if (before === owner) continue;
      const freed = before === undefined ? this.#freed.get(what) : { owner: before, atMs: nowMs };
      if (freed !== undefined && freed.owner !== owner) this.#isRested(what, owner, freed);
    }
    for (const [what, owner] of this.#owners) {
      if (!owners.has(what)) this.#freed.set(what, { owner, atMs: nowMs });
    }
    this.#owners = owners;
  }

  #isRested(what: string, owner: string, freed: Freed): void {
    // A port may be asked for by its number; and a manager that was started later cannot know.
    if (!what.startsWith("address") || this.#knownSinceMs > freed.atMs) return;
    const restedMs = this.#ground.nowMs - freed.atMs;
    if (restedMs >= REST_MS) return;
    const detail = `${what} of ${freed.owner} is ${owner}'s after ${restedMs} ms`;
    this.#ground.violated("an address rests before another has it", detail);
  }

  get #knownSinceMs(): number {
    return this.#ground.cluster.leader?.upSinceMs ?? Number.POSITIVE_INFINITY;
  }

  #count(): Map<string, string> {
    const { view } = this.#ground;
    const owners = new Map<string, string>();
    const own = (what: string, owner: string): void => {
      const other = owners.get(what);
      if (other !== undefined && other !== owner) {
        this.#ground.violated("nothing has two owners", `${what} is ${other}'s and ${owner}'s`);
      }
      owners.set(what, owner);
    };
    const ownAll = (all: readonly NetworkAddresses[], owner: string): void => {
      for (const { networkId, addresses } of all)
        for (const address of addresses) own(`address ${networkId} ${address}`, owner);
    };
    for (const { id, vni, subnets } of view.networks()) {
      own(`VNI ${vni}`, id);
      for (const { cidr } of subnets) own(`subnet ${cidr}`, id);
    }
    for (const { id, gateways = [] } of view.nodes()) ownAll(gateways, `node ${id}`);
    for (const { id, endpoint } of view.services()) {
      ownAll(endpoint?.vips ?? [], `service ${id}`);
      for (const { PublishMode, Protocol = "tcp", PublishedPort = 0 } of endpoint?.ports ?? []) {
        if (PublishMode === "host" || PublishedPort === 0) continue;
        own(`port ${Protocol}/${PublishedPort}`, `service ${id}`);
      }
    }
    for (const { id, status, addresses = [] } of view.tasks()) {
      if (!isTerminal(status.state)) ownAll(addresses, `task ${id}`);
    }
    return owners;
  }
}
