/** What the engine says of its host, read as a node's description: pure. */
import type { NodeDescription, PluginDescription } from "../../../shared/docker-api/node-spec.js";
import type { GenericResources } from "../../../shared/docker-api/resources.js";

/** Of `GET /info`, what we read. */
export interface EngineInfo {
  readonly Name: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly ServerVersion: string;
  readonly Labels?: readonly string[] | null;
  /** As its own configuration has them (`node-generic-resources`). */
  readonly GenericResources?: GenericResources | null;
  readonly Plugins?: Readonly<Record<string, readonly string[] | null>> | null;
}

const NANOCPUS_PER_CPU = 1e9;

export function descriptionOf(info: EngineInfo): NodeDescription {
  return {
    Hostname: info.Name,
    Platform: { Architecture: info.Architecture, OS: info.OSType },
    Resources: {
      NanoCPUs: info.NCPU * NANOCPUS_PER_CPU,
      MemoryBytes: info.MemTotal,
      ...(info.GenericResources?.length && { GenericResources: info.GenericResources }),
    },
    Engine: {
      EngineVersion: info.ServerVersion,
      Labels: labelsOf(info.Labels ?? []),
      Plugins: pluginsOf(info.Plugins ?? {}),
    },
  };
}

function labelsOf(entries: readonly string[]): Record<string, string> {
  const labels = entries.map((entry) => {
    const [key = "", ...value] = entry.split("=");
    return [key, value.join("=")];
  });
  return Object.fromEntries(labels) as Record<string, string>;
}

/** In a fixed order, so that the same host is described the same way every time. */
function pluginsOf(
  byType: Readonly<Record<string, readonly string[] | null>>,
): PluginDescription[] {
  const plugins = Object.entries(byType).flatMap(([type, names]) =>
    (names ?? []).map((name) => ({ Type: type, Name: name })),
  );
  const key = ({ Type, Name }: { Type: string; Name: string }): string => `${Type}/${Name}`;
  return plugins.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
