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
export function ownerOf(path: string): RouteOwner {
  const queryAt = path.indexOf("?");
  const bare = queryAt === -1 ? path : path.slice(0, queryAt);
  const [, first = "", second, third] = bare.split("/");
  if (OWN_WORDS.has(first)) return "skep";
  // The engine knows the networks of its own host only. Who is to be connected to one, and which
  // of them nobody uses, it alone can say.
  if (first === "networks" && third === undefined && second !== "prune") return "skep";
  return "engine";
}
