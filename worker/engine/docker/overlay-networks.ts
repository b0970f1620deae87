/**
 * The cluster's networks as a Docker engine knows them: for each a `bridge` network over the device
 * that is there already. Its range of addresses is this node's gateway alone, so that the engine has
 * none to hand out: every container brings its own.
 */
import { isIpv6 } from "../../../shared/model/node-networks.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { NetworkAttachment } from "../../network/network-plane.js";
import type { EngineIdentity } from "../engine.js";
import { TaskRefusedError } from "../engine-errors.js";
import type { ContainerConfig } from "./container-config.js";
import { networkLabels, networkOf, ownLabels } from "./container-labels.js";
import { type ApiVersion, EngineAnswerError, type EngineClient } from "./engine-client.js";

/** From this minor version on, several endpoints may be given at create, and a MAC address to each. */
const ENDPOINTS_SINCE_MINOR = 44;

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
  readonly #pending = new Map<string, Promise<void>>();

  constructor(client: EngineClient, identity: EngineIdentity, logger: Logger) {
    this.#client = client;
    this.#identity = identity;
    this.#logger = logger;
  }

  /** @throws TaskRefusedError, EngineAnswerError */
  async ensure(attachments: readonly NetworkAttachment[], signal: AbortSignal): Promise<void> {
    for (const attachment of attachments) {
      const { networkId } = attachment;
      const pending =
        this.#pending.get(networkId) ??
        this.#ensure(attachment, signal).finally(() => this.#pending.delete(networkId));
      this.#pending.set(networkId, pending);
      await pending;
    }
  }

  /** Where the container could be made with its first network only. */
  async connect(
    containerId: string,
    attachments: readonly NetworkAttachment[],
    api: ApiVersion,
    signal: AbortSignal,
  ): Promise<void> {
    if (api.minor >= ENDPOINTS_SINCE_MINOR) return;
    for (const attachment of attachments.slice(1)) {
      const path = `/networks/${engineName(attachment.networkId)}/connect`;
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

  async #ensure(attachment: NetworkAttachment, signal: AbortSignal): Promise<void> {
    const name = engineName(attachment.networkId);
    const present = await this.#find(name, signal);
    if (present !== undefined && isAsWanted(present, attachment)) return;
    if (present !== undefined) {
      const path = `/networks/${present.Id}`;
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
    const body = networkConfig(attachment, this.#identity);
    await this.#client.request({ method: "POST", path: "/networks/create", body }, signal);
  }

  async #find(name: string, signal: AbortSignal): Promise<EngineNetwork | undefined> {
    const query = { filters: JSON.stringify({ name: [`^${name}$`] }) };
    const list = { method: "GET", path: "/networks", query } as const;
    const found = await this.#client.request<readonly EngineNetwork[]>(list, signal);
    return found.find(({ Name }) => Name === name);
  }
}

/** No user's network is called so by chance, and it is not the name that names of tasks end in. */
function engineName(networkId: string): string {
  return `skep-${networkId}`;
}

function networkConfig(attachment: NetworkAttachment, identity: EngineIdentity): ContainerConfig {
  const { networkId, subnets } = attachment;
  return {
    Name: engineName(networkId),
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
    Options: optionsOf(attachment),
    Labels: networkLabels(attachment, identity),
  };
}

function optionsOf({ bridge, mtu }: NetworkAttachment): Record<string, string> {
  return {
    "com.docker.network.bridge.name": bridge,
    "com.docker.network.driver.mtu": String(mtu),
  };
}

function hostRange(gateway: string): string {
  return `${gateway}/${isIpv6(gateway) ? 128 : 32}`;
}

function isAsWanted(present: EngineNetwork, wanted: NetworkAttachment): boolean {
  const { Options, IPAM, Internal = false } = present;
  const options = Object.entries(optionsOf(wanted));
  const subnets = (IPAM?.Config ?? []).map(({ Subnet, Gateway }) => `${Subnet} ${Gateway}`);
  return (
    Internal === (wanted.exit === "closed") &&
    options.every(([key, value]) => Options?.[key] === value) &&
    subnets.toSorted().join() ===
      wanted.subnets
        .map(({ cidr, gateway }) => `${cidr} ${gateway}`)
        .toSorted()
        .join()
  );
}

/** What a container's body needs for its networks: as many of them as the engine takes at once. */
export function endpointsConfig(
  attachments: readonly NetworkAttachment[],
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
        atCreate.map((one) => [engineName(one.networkId), endpointConfig(one, api)]),
      ),
    },
  };
}

export function networkMode([first]: readonly NetworkAttachment[]): string {
  return first === undefined ? "none" : engineName(first.networkId);
}

function endpointConfig({ addresses, mac }: NetworkAttachment, api: ApiVersion): ContainerConfig {
  const ipv4 = addresses.find((address) => !isIpv6(address));
  const ipv6 = addresses.find(isIpv6);
  return {
    IPAMConfig: {
      ...(ipv4 !== undefined && { IPv4Address: ipv4 }),
      ...(ipv6 !== undefined && { IPv6Address: ipv6 }),
    },
    ...(api.minor >= ENDPOINTS_SINCE_MINOR && { MacAddress: mac }),
  };
}
