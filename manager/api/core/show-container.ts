/**
 * Containers of users as the engine shows them, with the networks of the cluster called what their
 * users call them: tools compare these names and ids with those that they asked for.
 */
type Fields = Readonly<Record<string, unknown>>;

/** Of a network of the cluster. */
export interface ClusterNetworkName {
  readonly id: string;
  readonly name: string;
}

/** By what the engine calls them. */
export type ClusterNetworkNames = ReadonlyMap<string, ClusterNetworkName>;

/** Carried by what was made by way of us: where no text has it, there is nothing to do. */
export const ATTACHMENT_LABEL = "skep.attachment.id";

/** Of one container, inspected or in a list: what the engine calls its networks, if it is a user's. */
export function engineNetworksOf(container: Fields): readonly string[] {
  const labels = fieldsOf(container["Labels"] ?? fieldsOf(container["Config"])["Labels"]);
  if (labels[ATTACHMENT_LABEL] === undefined) return [];
  return Object.keys(fieldsOf(fieldsOf(container["NetworkSettings"])["Networks"]));
}

export function showContainer(container: Fields, names: ClusterNetworkNames): Fields {
  if (engineNetworksOf(container).length === 0) return container;
  const settings = fieldsOf(container["NetworkSettings"]);
  const host = fieldsOf(container["HostConfig"]);
  const mode = host["NetworkMode"];
  const known = typeof mode === "string" ? names.get(mode) : undefined;
  const Networks = Object.fromEntries(
    Object.entries(fieldsOf(settings["Networks"])).map(([engineName, endpoint]) => {
      const network = names.get(engineName);
      if (network === undefined) return [engineName, endpoint];
      return [network.name, { ...fieldsOf(endpoint), NetworkID: network.id }];
    }),
  );
  return {
    ...container,
    ...(known !== undefined && { HostConfig: { ...host, NetworkMode: known.name } }),
    NetworkSettings: { ...settings, Networks },
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
