/**
 * The ports that every node answers on. One that a service names is its alone; for one that
 * it leaves open the cluster chooses, in turn, so that one that was given back comes late.
 */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { REST_MS } from "./address-pool.js";

/** Docker's: below the range from which Linux takes the ports of outgoing connections. */
export const DYNAMIC_PORT_MIN = 30_000;
export const DYNAMIC_PORT_MAX = 32_767;

export class PortPool {
  /** By `80/tcp`. */
  readonly #owners = new Map<string, ServiceId>();
  readonly #resting = new Map<string, number>();
  #next = DYNAMIC_PORT_MIN;

  hold(owner: ServiceId, ports: readonly EndpointPortConfig[]): void {
    for (const port of ports) {
      if (!isMeshPort(port)) continue;
      const key = keyOf(port.PublishedPort ?? 0, port);
      this.#resting.delete(key);
      this.#owners.set(key, owner);
    }
  }

  release(owner: ServiceId, ports: readonly EndpointPortConfig[], nowMs: number): void {
    for (const port of ports) {
      const key = keyOf(port.PublishedPort ?? 0, port);
      if (this.#owners.get(key) !== owner) continue;
      this.#owners.delete(key);
      this.#resting.set(key, nowMs + REST_MS);
    }
  }

  /** Nobody has it, and somebody had it until then. @param key `80/tcp` */
  restIfFree(key: string, freedMs: number): void {
    if (!this.#owners.has(key)) this.#resting.set(key, freedMs + REST_MS);
  }

  /** What was held or rested there and is not held here rests from now on. */
  restAllOf(former: PortPool, nowMs: number): void {
    for (const key of [...former.#resting.keys(), ...former.#owners.keys()])
      if (!this.#owners.has(key)) this.#resting.set(key, nowMs + REST_MS);
  }

  /**
   * A number that the cluster chooses; undefined where all are taken.
   * @param named what users have asked for by number since: theirs, held already or not
   */
  choose(port: EndpointPortConfig, named: ReadonlySet<string>, nowMs: number): number | undefined {
    for (let tried = DYNAMIC_PORT_MIN; tried <= DYNAMIC_PORT_MAX; tried++) {
      if (this.#next > DYNAMIC_PORT_MAX) this.#next = DYNAMIC_PORT_MIN;
      const chosen = this.#next++;
      const key = keyOf(chosen, port);
      const rests = (this.#resting.get(key) ?? nowMs) > nowMs;
      if (this.#owners.has(key) || named.has(key) || rests) continue;
      return chosen;
    }
    return undefined;
  }
}

export function isMeshPort(port: EndpointPortConfig): boolean {
  return port.PublishMode !== "host";
}

/** `80/tcp` */
export function keyOf(number: number, { Protocol: protocol = "tcp" }: EndpointPortConfig): string {
  return `${number}/${protocol}`;
}
