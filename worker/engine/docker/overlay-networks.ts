/**
 * The cluster's networks as a Docker engine knows them: for each IPv4 subnet a `bridge` network over
 * the device that is there already, by another of its names. An engine can neither give a network a
 * second subnet nor a bridge a second network, and knows neither of the other. The range of addresses
 * is this node's gateway alone, so that the engine has none to hand out: every container brings its
 * own. The addresses of the bridge are not the engine's business.
 */
import { ENDPOINTS_SINCE_MINOR, fixedAddresses } from "../../../shared/model/engine-endpoint.js";
import { isIpv6 } from "../../../shared/model/node-networks.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { NetworkAttachment } from "../../network/network-plane.js";
import type { EngineIdentity } from "../engine.js";
import { TaskRefusedError } from "../engine-errors.js";
import type { ContainerConfig } from "./container-config.js";
import { networkLabels, networkOf, ownLabels } from "./container-labels.js";
import { type ApiVersion, EngineAnswerError, type EngineClient } from "./engine-client.js";

/** In the words of every engine so far. */
const OVERLAPS = /overlap/;
const BRIDGE_OPTION = "com.docker.network.bridge.name";
const MTU_OPTION = "com.docker.network.driver.mtu";

interface EngineNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Internal?: boolean;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
}

export class OverlayNetworks {
  readonly #client: EngineClient;
  readonly #identity: EngineIdentity;
  readonly #logger: Logger;
  /** Being made or looked at: tasks of one network come many at a time. */
  readonly #pending = new Map<string, { readonly wish: string; readonly name: Promise<string> }>();

  constructor(client: EngineClient, identity: EngineIdentity, logger: Logger) {
    this.#client = client;
    this.#identity = identity;
    this.#logger = logger;
  }

  /**
   * @param wanted the ids of all networks that this node is on
   * @throws TaskRefusedError, EngineAnswerError
   */
  async ensure(
    attachments: readonly NetworkAttachment[],
    wanted: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly EngineAttachment[]> {
    const ensured: EngineAttachment[] = [];
    for (const attachment of attachments) {
      const engineName = await this.#inTurn(attachment, wanted, signal);
      ensured.push({ ...attachment, engineName });
    }
    return ensured;
  }

  /** One at a time for each network, and once for those who ask for the same of it. */
  async #inTurn(
    attachment: NetworkAttachment,
    wanted: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string> {
    const { networkId, subnets } = attachment;
    const wish = subnets.map(({ cidr }) => cidr).join();
    for (;;) {
      const pending = this.#pending.get(networkId);
      if (pending === undefined) break;
      if (pending.wish === wish) return pending.name;
      await pending.name.catch(() => undefined); // whoever asked for it hears of it
    }
    const name = this.#ensure(attachment, wanted, signal).finally(() =>
      this.#pending.delete(networkId),
    );
    this.#pending.set(networkId, { wish, name });
    return name;
  }

  /** Where the container could be made with its first network only. */
  async connect(
    containerId: string,
    attachments: readonly EngineAttachment[],
    api: ApiVersion,
    signal: AbortSignal,
  ): Promise<void> {
    if (api.minor >= ENDPOINTS_SINCE_MINOR) return;
    for (const attachment of attachments.slice(1)) {
      const path = `/networks/${attachment.engineName}/connect`;
      const body = { Container: containerId, EndpointConfig: endpointConfig(attachment, api) };
      try {
        await this.#client.request({ method: "POST", path, body }, signal);
      } catch (cause) {
        // Done before we were killed.
        if (!(cause instanceof EngineAnswerError) || !/already exists/.test(cause.message))
          throw cause;
      }
    }
  }

  /** Removes those of ours that are wanted no more; one that is still in use stays for now. */
  async prune(wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const query = { filters: JSON.stringify({ label: ownLabels(this.#identity) }) };
    const list = { method: "GET", path: "/networks", query } as const;
    for (const { Id, Labels } of await this.#client.request<readonly EngineNetwork[]>(
      list,
      signal,
    )) {
      const networkId = networkOf(Labels);
      if (networkId === undefined || wanted.has(networkId)) continue;
      try {
        await this.#client.request({ method: "DELETE", path: `/networks/${Id}` }, signal);
      } catch (cause) {
        if (!(cause instanceof EngineAnswerError)) throw cause;
        this.#logger.debug({ networkId, reason: cause.message }, "network still in use");
      }
    }
  }

  async #ensure(
    attachment: NetworkAttachment,
    wanted: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string> {
    const present = await this.#list(attachment, signal);
    const fitting = present.find((one) => isSubnetOf(one, attachment));
    if (fitting !== undefined && isAsWanted(fitting, attachment)) return fitting.Name;
    if (fitting !== undefined) {
      const path = `/networks/${fitting.Id}`;
      try {
        await this.#client.request({ method: "DELETE", path }, signal);
      } catch (cause) {
        if (!(cause instanceof EngineAnswerError)) throw cause;
        throw new TaskRefusedError(
          `network ${attachment.name} has changed, and this host's engine still uses it as it was: ${cause.message}`,
          { cause },
        );
      }
    }
    const taken = new Set(present.filter((one) => one !== fitting).map(bridgeOf));
    const bridge = attachment.bridges.find((name) => !taken.has(name));
    if (bridge === undefined)
      throw new TaskRefusedError(
        `this host's engine has networks on all of ${attachment.bridges.join(", ")}, and none with the subnet of the task on ${attachment.name}`,
      );
    const body = networkConfig(attachment, bridge, this.#identity);
    const create = { method: "POST", path: "/networks/create", body } as const;
    try {
      await this.#client.request(create, signal);
    } catch (cause) {
      if (!(cause instanceof EngineAnswerError) || !OVERLAPS.test(cause.message)) throw cause;
      // With one of ours that went a moment ago.
      await this.prune(wanted, signal);
      await this.#client.request(create, signal);
    }
    return nameFor(attachment, bridge);
  }

  /** Those that are over its bridge. */
  async #list(
    { networkId, bridges }: NetworkAttachment,
    signal: AbortSignal,
  ): Promise<readonly EngineNetwork[]> {
    const query = { filters: JSON.stringify({ name: [`^skep-${networkId}`] }) };
    const list = { method: "GET", path: "/networks", query } as const;
    const found = await this.#client.request<readonly EngineNetwork[]>(list, signal);
    const names = new Set(bridges.map((bridge) => nameFor({ networkId, bridges }, bridge)));
    return found.filter(({ Name }) => names.has(Name));
  }
}

/** An attachment, and the name of the engine's network that it is to be made by. */
export interface EngineAttachment extends NetworkAttachment {
  readonly engineName: string;
}

/** No user's network is called so by chance, and it is not the name that names of tasks end in. */
function nameFor(
  { networkId, bridges }: Pick<NetworkAttachment, "networkId" | "bridges">,
  bridge: string,
): string {
  const at = bridges.indexOf(bridge);
  return at === 0 ? `skep-${networkId}` : `skep-${networkId}-${at + 1}`;
}

function bridgeOf({ Options }: EngineNetwork): string {
  return Options?.[BRIDGE_OPTION] ?? "";
}

function networkConfig(
  attachment: NetworkAttachment,
  bridge: string,
  identity: EngineIdentity,
): ContainerConfig {
  const { subnets } = attachment;
  return {
    Name: nameFor(attachment, bridge),
    CheckDuplicate: true,
    Driver: "bridge",
    Internal: attachment.exit === "closed",
    EnableIPv6: subnets.some(({ cidr }) => isIpv6(cidr)),
    IPAM: {
      Driver: "default",
      Config: subnets.map(({ cidr, gateway }) => {
        return { Subnet: cidr, Gateway: gateway, IPRange: hostRange(gateway) };
      }),
    },
    Options: {
      [BRIDGE_OPTION]: bridge,
      [MTU_OPTION]: String(attachment.mtu),
      "com.docker.network.bridge.inhibit_ipv4": "true",
      // Its rules know the bridge by one name only: by another it would rewrite what stays inside.
      ...(bridge !== attachment.bridges[0] && {
        "com.docker.network.bridge.enable_ip_masquerade": "false",
      }),
    },
    Labels: networkLabels(attachment, identity),
  };
}

function hostRange(gateway: string): string {
  return `${gateway}/${isIpv6(gateway) ? 128 : 32}`;
}

function isSubnetOf({ IPAM }: EngineNetwork, { subnets }: NetworkAttachment): boolean {
  return (IPAM?.Config ?? []).some(({ Subnet }) => subnets.some(({ cidr }) => cidr === Subnet));
}

function isAsWanted(present: EngineNetwork, wanted: NetworkAttachment): boolean {
  const { Options, IPAM, Internal = false } = present;
  const subnets = (IPAM?.Config ?? []).map(({ Subnet, Gateway }) => `${Subnet} ${Gateway}`);
  return (
    Internal === (wanted.exit === "closed") &&
    wanted.bridges.includes(bridgeOf(present)) &&
    Options?.[MTU_OPTION] === String(wanted.mtu) &&
    subnets.toSorted().join() ===
      wanted.subnets
        .map(({ cidr, gateway }) => `${cidr} ${gateway}`)
        .toSorted()
        .join()
  );
}

/** What a container's body needs for its networks: as many of them as the engine takes at once. */
export function endpointsConfig(
  attachments: readonly EngineAttachment[],
  api: ApiVersion,
): ContainerConfig {
  const [first] = attachments;
  if (first === undefined) return {};
  const atCreate = api.minor >= ENDPOINTS_SINCE_MINOR ? attachments : [first];
  return {
    // A newer engine refuses it here, and an older one knows it nowhere else.
    ...(api.minor < ENDPOINTS_SINCE_MINOR && { MacAddress: first.mac }),
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        atCreate.map((one) => [one.engineName, endpointConfig(one, api)]),
      ),
    },
  };
}

export function networkMode([first]: readonly EngineAttachment[]): string {
  return first === undefined ? "none" : first.engineName;
}

function endpointConfig({ addresses, mac }: NetworkAttachment, api: ApiVersion): ContainerConfig {
  const IPAMConfig = fixedAddresses(addresses);
  return { IPAMConfig, ...(api.minor >= ENDPOINTS_SINCE_MINOR && { MacAddress: mac }) };
}
