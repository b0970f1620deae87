/**
 * Answers one question about a name, for one asker: who asks is known by the address that the
 * question comes from, and hears of the networks that this task is on and of nothing else.
 */
import { isIpv6 } from "../../../shared/model/node-networks.js";
import type { Asker, NameState, NetworkNames } from "./dns-state.js";

export interface NameQuestion {
  /** Without the final dot. */
  readonly name: string;
  /** `A`, `AAAA`, `PTR`, `ANY` … */
  readonly type: string;
}

export type NameAnswer =
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "pointer"; readonly name: string }
  /** The name is there, and has nothing of this type. */
  | { readonly kind: "nothing" }
  /** The name is not ours. `resolvers`: none where the host's are to be asked. */
  | { readonly kind: "forward"; readonly resolvers: readonly string[] }
  /** The asker may not have an answer yet: its namespace is about to be programmed. */
  | { readonly kind: "wait" };

interface Known {
  readonly asker: Asker;
  readonly networks: readonly IndexedNetwork[];
}

interface IndexedNetwork {
  readonly suffix: string;
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly pointers: ReadonlyMap<string, string>;
}

/** The state, laid out for look-ups. */
export class NameIndex {
  readonly #askers = new Map<string, Known>();

  constructor({ networks, askers }: NameState) {
    const byId = new Map(networks.map((network) => [network.networkId, indexed(network)]));
    for (const asker of askers) {
      const own = asker.networkIds.flatMap((networkId) => byId.get(networkId) ?? []);
      for (const address of asker.addresses) this.#askers.set(address, { asker, networks: own });
    }
  }

  /** @param turn counted up by the caller: addresses come in turn, as some clients take the first. */
  answer(from: string, question: NameQuestion, turn: number): NameAnswer {
    const known = this.#askers.get(from);
    // Nobody that we know of (yet): a task may ask before we have heard that it runs.
    if (known === undefined) return { kind: "wait" };
    const { asker, networks } = known;
    if (asker.namespace === "bare") return { kind: "wait" };
    const name = question.name.toLowerCase();
    const found = question.type === "PTR" ? findPointer(name, networks) : findName(name, networks);
    if (found === undefined) return { kind: "forward", resolvers: asker.resolvers };
    if (typeof found === "string") return { kind: "pointer", name: found };
    const fitting = found.filter((address) => isOfType(question.type, address));
    if (fitting.length === 0) return { kind: "nothing" };
    const first = turn % fitting.length;
    return {
      kind: "addresses",
      addresses: [...fitting.slice(first), ...fitting.slice(0, first)],
    };
  }
}

function indexed({ name, names, pointers }: NetworkNames): IndexedNetwork {
  return { suffix: `.${name}`, names: new Map(names), pointers: new Map(pointers) };
}

/** A bare name on any of the networks, before a name with its network. */
function findName(
  name: string,
  networks: readonly IndexedNetwork[],
): readonly string[] | undefined {
  for (const { names } of networks) {
    const addresses = names.get(name);
    if (addresses !== undefined) return addresses;
  }
  for (const { names, suffix } of networks) {
    if (!name.endsWith(suffix)) continue;
    const addresses = names.get(name.slice(0, -suffix.length));
    if (addresses !== undefined) return addresses;
  }
  return undefined;
}

function findPointer(name: string, networks: readonly IndexedNetwork[]): string | undefined {
  const address = pointedAddress(name);
  if (address === undefined) return undefined;
  for (const { pointers } of networks) {
    const found = pointers.get(address);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `5.1.250.10.in-addr.arpa` is 10.250.1.5 (RFC 1035 §3.5). IPv6 has no way back here. */
function pointedAddress(name: string): string | undefined {
  const reversed = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  return reversed?.slice(1).reverse().join(".");
}

function isOfType(type: string, address: string): boolean {
  if (type === "ANY") return true;
  return type === (isIpv6(address) ? "AAAA" : "A");
}
