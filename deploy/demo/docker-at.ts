/** A Docker engine at a socket that was found, whatever the environment says. */
import Docker from "dockerode";

/** @param limitMs for an answer to begin; without it, as long as the engine takes. */
export function dockerAt(socketPath: string, limitMs?: number): Docker {
  // Without these, a DOCKER_HOST of tcp:// would win over the socket.
  const nowhere = { host: undefined, port: undefined, protocol: "http" } as const;
  const limit = limitMs === undefined ? {} : { timeout: limitMs };
  return new Docker({ socketPath, ...limit, ...(nowhere as unknown as Docker.DockerOptions) });
}
