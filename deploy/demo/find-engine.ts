/** What runs the demo's tasks: the Docker engine of this machine with an image that it can run, or plain processes. */
import { DemoFailure } from "./demo-failure.js";
import { dockerAt } from "./docker-at.js";
import { type DemoImage, findImage, ImageUnavailable } from "./find-image.js";

export const DEMO_ENGINES = ["auto", "docker", "process"] as const;
export type EngineWish = (typeof DEMO_ENGINES)[number];

export type DemoEngine =
  | {
      readonly kind: "docker";
      readonly socket: string;
      readonly version: string;
      readonly image: DemoImage;
    }
  | { readonly kind: "process"; readonly reason: string };

const USUAL_SOCKET = "/var/run/docker.sock";
/** An engine that is there answers in milliseconds; a dead socket must not hold the demo up. */
const ANSWER_LIMIT_MS = 3_000;

/** @throws DemoFailure an engine was asked for by name, and none can be used. */
export async function findEngine(
  wish: EngineWish,
  dockerHost: string | undefined,
  signal: AbortSignal,
): Promise<DemoEngine> {
  if (wish === "process") return { kind: "process", reason: "as asked for" };
  try {
    return await findDocker(dockerHost, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineUnavailable || error instanceof ImageUnavailable)) throw error;
    if (wish === "docker") throw new DemoFailure(`no Docker for the demo: ${error.message}`);
    return { kind: "process", reason: error.message };
  }
}

class EngineUnavailable extends Error {}

async function findDocker(
  dockerHost: string | undefined,
  signal: AbortSignal,
): Promise<DemoEngine> {
  const named = dockerHost === undefined || dockerHost === "" ? undefined : socketIn(dockerHost);
  const socket =
    named === undefined || (await answerOf(named)).kind === "skep" ? USUAL_SOCKET : named;
  const answer = await answerOf(socket);
  if (answer.kind !== "docker")
    throw new EngineUnavailable(`no Docker engine answers at ${socket}`);
  const image = await findImage(dockerAt(socket), signal);
  return { kind: "docker", socket, version: answer.version, image };
}

function socketIn(dockerHost: string): string {
  if (dockerHost.startsWith("unix://")) return dockerHost.slice("unix://".length);
  throw new EngineUnavailable(
    `DOCKER_HOST is ${dockerHost}, and skepd talks to engines over a unix socket`,
  );
}

type Answer =
  | { readonly kind: "docker"; readonly version: string }
  | { readonly kind: "skep" }
  | { readonly kind: "none" };

/** A `DOCKER_HOST` may well be a skepd: then it is not what skepd itself can run containers with. */
async function answerOf(socketPath: string): Promise<Answer> {
  try {
    const docker = dockerAt(socketPath, ANSWER_LIMIT_MS);
    // Older engines have no Platform.
    const { Version, Platform } = (await docker.version()) as {
      readonly Version: string;
      readonly Platform?: { readonly Name?: string };
    };
    return Platform?.Name === "Skep" ? { kind: "skep" } : { kind: "docker", version: Version };
  } catch {
    return { kind: "none" };
  }
}
