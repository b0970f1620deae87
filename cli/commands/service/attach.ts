/** Finds the networks, secrets and configs that flags name: the daemon wants their ids. */
import type { Config } from "../../../shared/docker-api/config.js";
import type {
  ConfigFileReference,
  ContainerSpec,
  CredentialSpec,
  SecretReference,
} from "../../../shared/docker-api/container-spec.js";
import type { Network } from "../../../shared/docker-api/network.js";
import type { Secret } from "../../../shared/docker-api/secret.js";
import type { NetworkAttachmentConfig } from "../../../shared/docker-api/task-spec.js";
import type { Client } from "../../client.js";
import { UsageError } from "../../errors.js";
import type { FileReference } from "../../flags/attachments.js";
import { filterQuery } from "../../flags/filter.js";

export async function networkId(client: Client, reference: string): Promise<string> {
  const path = `/networks/${encodeURIComponent(reference)}`;
  const network = await client.call<Network>("GET", path, { query: { scope: "swarm" } });
  return network.Id;
}

/** With ids in place of names, sorted so that their order on the command line means nothing. */
export async function attachNetworks(
  client: Client,
  attachments: readonly NetworkAttachmentConfig[],
): Promise<NetworkAttachmentConfig[]> {
  const attached = await Promise.all(
    attachments.map(async (attachment) => ({
      ...attachment,
      Target: await networkId(client, attachment.Target ?? ""),
    })),
  );
  return attached.toSorted((a, b) => (a.Target < b.Target ? -1 : 1));
}

/** @throws UsageError one is not there, or two would be the same file */
export async function attachSecrets(
  client: Client,
  references: readonly FileReference[],
): Promise<SecretReference[]> {
  checkTargets("secret", references);
  const ids = await idsByName(
    client,
    "secret",
    references.map(({ name }) => name),
  );
  return references.map(({ name, file }) => ({
    File: file,
    SecretID: idOf(ids, "secret", name),
    SecretName: name,
  }));
}

/** @throws UsageError one is not there, or two would be the same file */
export async function attachConfigs(
  client: Client,
  references: readonly FileReference[],
): Promise<ConfigFileReference[]> {
  checkTargets("config", references);
  const ids = await idsByName(
    client,
    "config",
    references.map(({ name }) => name),
  );
  return references.map(({ name, file }) => ({
    File: file,
    ConfigID: idOf(ids, "config", name),
    ConfigName: name,
  }));
}

/**
 * Credentials that are a config: named by the user, wanted by its id, and the config must be among
 * the container's without being a file in it.
 */
export async function withCredentials(
  client: Client,
  container: ContainerSpec,
  credentials: CredentialSpec,
): Promise<ContainerSpec> {
  const { Config: name } = credentials;
  const configs = (container.Configs ?? []).filter(({ Runtime: runtime }) => runtime === undefined);
  if (name === undefined) {
    return { ...container, Configs: configs, Privileges: { CredentialSpec: credentials } };
  }
  const id = idOf(await idsByName(client, "config", [name]), "config", name);
  return {
    ...container,
    Configs: [...configs, { ConfigID: id, ConfigName: name, Runtime: {} }],
    Privileges: { ...container.Privileges, CredentialSpec: { Config: id } },
  };
}

async function idsByName(
  client: Client,
  kind: "secret" | "config",
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const query = { filters: filterQuery({ name: names }) };
  const found = await client.call<(Secret | Config)[]>("GET", `/${kind}s`, { query });
  return new Map(found.map(({ ID: id, Spec: spec }) => [spec.Name ?? "", id]));
}

function idOf(ids: ReadonlyMap<string, string>, kind: string, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new UsageError(`${kind} not found: ${name}`);
  return id;
}

function checkTargets(kind: string, references: readonly FileReference[]): void {
  const seen = new Set<string>();
  for (const { name, file } of references) {
    if (seen.has(file.Name))
      throw new UsageError(`duplicate ${kind} target for ${name} not allowed`);
    seen.add(file.Name);
  }
}
