/**
 * Pins an image to what its registry has under that tag now, so that every node runs the same; and
 * learns the platforms that it is made for.
 */
import type { Platform } from "../../../shared/docker-api/platform.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { CommandContext } from "../../context.js";
import { DaemonRefusedError } from "../../errors.js";

/** A registry that cannot be reached must not keep a service from being declared for long. */
const LOOKUP_MAX_MS = 15_000;
const HTTP_NOT_IMPLEMENTED = 501;

interface Distribution {
  readonly Descriptor?: { readonly digest?: string };
  readonly Platforms?: readonly { readonly architecture?: string; readonly os?: string }[];
}

/** `nginx` → `nginx:latest`; what has a tag or a digest stays. */
export function withDefaultTag(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return image === "" || /[:@]/.test(name) ? image : `${image}:latest`;
}

/** The image pinned; or as it was, and a warning where the registry could not tell. */
export async function pinImage(
  context: CommandContext,
  task: TaskSpec,
  registryAuth: string | undefined,
): Promise<TaskSpec> {
  const image = task.ContainerSpec?.Image ?? "";
  if (image === "" || image.includes("@")) return task;
  const found = await lookUp(context, image, registryAuth);
  const digest = found?.Descriptor?.digest;
  if (found === undefined || digest === undefined) return task;
  const platforms = (found.Platforms ?? []).map(platformOf);
  return {
    ...task,
    ContainerSpec: { ...task.ContainerSpec, Image: `${image}@${digest}` },
    ...(platforms.length === 0 ? {} : { Placement: { ...task.Placement, Platforms: platforms } }),
  };
}

async function lookUp(
  { client, clock, stderr }: CommandContext,
  image: string,
  registryAuth: string | undefined,
): Promise<Distribution | undefined> {
  const late = new AbortController();
  const timer = clock.after(LOOKUP_MAX_MS, () => {
    late.abort(new DaemonRefusedError(504, "the registry does not answer"));
  });
  try {
    return await client.call<Distribution>("GET", `/distribution/${image}/json`, {
      signal: late.signal,
      headers: registryAuth === undefined ? {} : { "x-registry-auth": registryAuth },
    });
  } catch (error) {
    if (!(error instanceof DaemonRefusedError)) throw error;
    // Without an engine there is no image, and nothing to warn of.
    if (error.httpStatus !== HTTP_NOT_IMPLEMENTED) {
      stderr.write(
        `image ${image} could not be accessed on a registry to record its digest. Each node will access ` +
          `it independently, possibly leading to different nodes running different versions of it.\n`,
      );
    }
    return undefined;
  } finally {
    timer.cancel();
  }
}

/** A manifest says "arm" where nodes say "armv7l": no architecture at all then fits all of them. */
function platformOf(platform: { readonly architecture?: string; readonly os?: string }): Platform {
  const architecture = platform.architecture ?? "";
  return {
    Architecture: architecture.toLowerCase() === "arm" ? "" : architecture,
    OS: platform.os ?? "",
  };
}
