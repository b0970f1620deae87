/**
 * What was given back within the last minute: followed from the store's events by every manager, whether
 * it leads or not, so that who leads next knows what is to rest, though nothing in the store tells of it
 * any more. One that has just been started knows only what still can be read there.
 */
import type { NetworkId } from "../../../shared/model/ids.js";
import type { NetworkAddresses } from "../../../shared/model/network.js";
import type { StoreEvent } from "../../store/core/change.js";
import { REST_MS } from "./address-pool.js";
import { heldBy, keysOf } from "./holdings.js";
import { isMeshPort, keyOf } from "./port-pool.js";

export interface FreedAddress {
  readonly networkId: NetworkId;
  readonly address: string;
  readonly freedMs: number;
}

export class LatelyFreed {
  /** The longest ago first, as in `#ports`; by `network address`. */
  readonly #addresses = new Map<string, FreedAddress>();
  /** When, by `80/tcp`. */
  readonly #ports = new Map<string, number>();

  /** @param nowMs monotonic */
  observe(events: readonly StoreEvent[], nowMs: number): void {
    for (const event of events) this.#observe(event, nowMs);
    this.#forget(nowMs);
  }

  addresses(nowMs: number): readonly FreedAddress[] {
    this.#forget(nowMs);
    return [...this.#addresses.values()];
  }

  /** When each was given back, by `80/tcp`. */
  ports(nowMs: number): ReadonlyMap<string, number> {
    this.#forget(nowMs);
    return this.#ports;
  }

  #observe(event: StoreEvent, nowMs: number): void {
    switch (event.type) {
      case "service": {
        const { before, after } = event;
        this.#free(before?.endpoint?.vips, after?.endpoint?.vips, nowMs);
        const kept = new Set(meshKeys(after));
        for (const key of meshKeys(before)) {
          if (kept.has(key)) continue;
          this.#ports.delete(key);
          this.#ports.set(key, nowMs);
        }
        return;
      }
      case "attachment":
        this.#free(event.before?.addresses, event.after?.addresses, nowMs);
        return;
      case "node":
        this.#free(event.before?.gateways, event.after?.gateways, nowMs);
        return;
      case "task":
        this.#free(heldBy(event.before), heldBy(event.after), nowMs);
        return;
      case "network":
      case "cluster":
      case "revision":
        return;
    }
  }

  #free(
    before: readonly NetworkAddresses[] = [],
    after: readonly NetworkAddresses[] = [],
    freedMs: number,
  ): void {
    if (before === after || before.length === 0) return;
    const kept = new Set(keysOf(after));
    for (const { networkId, addresses } of before) {
      for (const address of addresses) {
        const key = `${networkId} ${address}`;
        if (kept.has(key)) continue;
        this.#addresses.delete(key);
        this.#addresses.set(key, { networkId, address, freedMs });
      }
    }
  }

  #forget(nowMs: number): void {
    for (const [key, { freedMs }] of this.#addresses) {
      if (nowMs - freedMs < REST_MS) break;
      this.#addresses.delete(key);
    }
    for (const [key, freedMs] of this.#ports) {
      if (nowMs - freedMs < REST_MS) break;
      this.#ports.delete(key);
    }
  }
}

function meshKeys(service: (StoreEvent & { readonly type: "service" })["before"]): string[] {
  return (service?.endpoint?.ports ?? [])
    .filter(isMeshPort)
    .map((port) => keyOf(port.PublishedPort ?? 0, port));
}
