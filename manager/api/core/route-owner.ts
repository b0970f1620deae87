/** Who answers a path: we, because it is about the cluster, or the host's own engine. */

export type RouteOwner = "skep" | "engine";

/** First words of the paths that are ours, whatever follows. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  "_ping",
  "configs",
  "info",
  "nodes",
  "secrets",
  "services",
  "skep",
  "swarm",
  "tasks",
  "version",
]);

/** @param path without its version, query included. */
export function ownerOf(method: string, path: string): RouteOwner {
  const queryAt = path.indexOf("?");
  const bare = queryAt === -1 ? path : path.slice(0, queryAt);
  const [, first = "", second] = bare.split("/");
  if (OWN_WORDS.has(first)) return "skep";
  // The engine knows the networks of its own host only: which networks services
  // can use is ours to say.
  const asksForSwarm = queryAt !== -1 && /[?&]scope=swarm(?:&|$)/.test(path.slice(queryAt));
  if (method === "GET" && first === "networks" && second !== undefined && asksForSwarm) {
    return "skep";
  }
  return "engine";
}
