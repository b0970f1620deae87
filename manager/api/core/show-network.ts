/** The networks that every host has, as the API shows them. */
import { showTime } from "./show-time.js";

export interface ShownNetwork {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: "local" | "swarm";
  readonly Driver: string;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: null;
    readonly Config: readonly never[];
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: { readonly Network: "" };
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, never>>;
  readonly Options: Readonly<Record<string, never>>;
  readonly Labels: Readonly<Record<string, never>>;
}

/** The name is the id: it is the same network on every host. */
export function showPredefinedNetwork(name: string): ShownNetwork {
  return {
    Name: name,
    Id: name,
    Created: showTime(Number.NaN),
    Scope: "swarm",
    Driver: name === "none" ? "null" : name,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: {},
    Options: {},
    Labels: {},
  };
}
