/**
 * A user's wish to make a container, read and written again for networks of the cluster: which
 * networks it names that the engine does not have, and the body that the engine is to get once
 * these are there for it. Whatever else is in the body stays as it came.
 */
import { ENDPOINTS_SINCE_MINOR, fixedAddresses } from "../../../shared/model/engine-endpoint.js";
import { MalformedRequestError } from "./malformed-request.js";

export type Fields = Readonly<Record<string, unknown>>;

/** What a user says of one network of the container. */
export interface NamedNetwork {
  /** An id or a name. */
  readonly target: string;
  readonly aliases: readonly string[];
  /** Asked for by name, of each family one at most. */
  readonly wanted: readonly string[];
}

/** Where the container is to be, as the engine knows it. */
export interface EngineEndpoint {
  readonly engineName: string;
  readonly addresses: readonly string[];
  readonly mac: string;
  /** This host's own in the network: who answers names. */
  readonly gateways: readonly string[];
}

/**
 * What the engine takes of endpoints. `each`: all at create, and a MAC address to each. `first`: one at
 * create, and the container's MAC address. `derived`: so, too, but it makes the MAC address from the
 * address, as we do; told of one it would keep it on whatever network comes later.
 */
export type EndpointManner = "each" | "first" | "derived";

/** @param asked what the engine is asked in @param known what it knows; minor versions of the API */
export function endpointManner(asked: number, known: number): EndpointManner {
  if (asked >= ENDPOINTS_SINCE_MINOR) return "each";
  return known >= ENDPOINTS_SINCE_MINOR ? "first" : "derived";
}

const HOSTS_OWN: ReadonlySet<string> = new Set(["", "default", "bridge", "host", "none", "nat"]);

/** Networks that are to be found somewhere, the first of them first; none of every host's own. */
export function namedNetworks(body: Fields): readonly NamedNetwork[] {
  const endpoints = endpointsOf(body);
  const mode = textOf(fieldsOf(body["HostConfig"])["NetworkMode"]);
  const names = new Set([mode, ...Object.keys(endpoints)]);
  return [...names]
    .filter((name) => !HOSTS_OWN.has(name) && !name.startsWith("container:"))
    .map((target) => namedNetwork(target, fieldsOf(endpoints[target])));
}

/** @throws MalformedRequestError what only its network can give was asked for by name */
export function namedNetwork(target: string, endpoint: Fields): NamedNetwork {
  const { Aliases: aliases, IPAMConfig: ipam, MacAddress: mac } = endpoint;
  if (textOf(mac) !== "") throw givenMac(target);
  const { IPv4Address: ipv4, IPv6Address: ipv6 } = fieldsOf(ipam);
  const wanted = [textOf(ipv4), textOf(ipv6)].filter((address) => address !== "");
  return { target, aliases: textsOf(aliases), wanted };
}

/** As it is to be made: with as many of its networks as the engine takes at once. */
export interface RewrittenRequest {
  readonly body: Fields;
  /** To be connected afterwards. */
  readonly later: readonly EngineEndpoint[];
}

/** @param placed by the target that the user named */
export function rewriteRequest(
  body: Fields,
  placed: ReadonlyMap<string, EngineEndpoint>,
  labels: Readonly<Record<string, string>>,
  manner: EndpointManner,
): RewrittenRequest {
  if (placed.size === 0) return { body, later: [] };
  if (textOf(body["MacAddress"]) !== "") throw givenMac([...placed.keys()].join(", "));
  const takesAll = manner === "each";
  const host = fieldsOf(body["HostConfig"]);
  const mode = textOf(host["NetworkMode"]);
  // An engine that takes one gets that of the container's mode, if it is one of these at all.
  const atOnce = [...placed].filter(([target]) => takesAll || target === mode);
  const mac = manner === "first" ? atOnce[0]?.[1].mac : undefined;
  const endpoints: Record<string, unknown> = {};
  for (const [name, endpoint] of Object.entries(endpointsOf(body)))
    if (!placed.has(name)) endpoints[name] = endpoint;
  for (const [name, endpoint] of atOnce)
    endpoints[endpoint.engineName] = {
      ...fieldsOf(endpointsOf(body)[name]),
      // The engine's resolver would answer with this container alone, whoever else is called so.
      Aliases: [],
      ...endpointConfig(endpoint, manner),
    };
  const gateways = [...placed.values()].flatMap((one) => one.gateways);
  return {
    body: {
      ...body,
      ...(mac !== undefined && { MacAddress: mac }),
      Labels: { ...fieldsOf(body["Labels"]), ...labels },
      HostConfig: {
        ...host,
        NetworkMode: placed.get(mode)?.engineName ?? mode,
        Dns: [...gateways, ...textsOf(host["Dns"])],
      },
      NetworkingConfig: { ...fieldsOf(body["NetworkingConfig"]), EndpointsConfig: endpoints },
    },
    later: [...placed.values()].filter((one) => !atOnce.some(([, taken]) => taken === one)),
  };
}

/** What the engine is told of the endpoint. */
export function endpointConfig({ addresses, mac }: EngineEndpoint, manner: EndpointManner): Fields {
  const IPAMConfig = fixedAddresses(addresses);
  return { IPAMConfig, ...(manner === "each" && { MacAddress: mac }) };
}

/** `--dns` of the user's own. */
export function resolversOf(body: Fields): readonly string[] {
  return textsOf(fieldsOf(body["HostConfig"])["Dns"]);
}

/** @throws MalformedRequestError */
export function parseFields(text: string): Fields {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new MalformedRequestError("invalid JSON in the request's body");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new MalformedRequestError("the request's body is no JSON object");
}

/** Every host on the network knows a container's by its address. */
function givenMac(target: string): MalformedRequestError {
  return new MalformedRequestError(
    `a container on network ${target} gets its MAC address from there: leave --mac-address out`,
  );
}

function endpointsOf(body: Fields): Fields {
  return fieldsOf(fieldsOf(body["NetworkingConfig"])["EndpointsConfig"]);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
