/**
 * An image with a shell, for the demo's tasks: one that the engine has, one from a registry, or one made of this
 * machine's static busybox. An image counts once a container of it has run.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

import type Docker from "dockerode";

export interface DemoImage {
  readonly name: string;
  /** One that was made is removed again at the end. */
  readonly origin: "present" | "pulled" | "made";
}

export class ImageUnavailable extends Error {}

/** Small images that many engines have. */
const LIKELY = ["busybox:latest", "skep/busybox:1", "alpine:latest"];
const PULLED = "busybox:latest";
const MADE = "skep/demo:1";
/** A registry that has not sent 2 MB by then is not waited for. */
const PULL_LIMIT_MS = 30_000;
const BUSYBOX_PLACES = ["/bin/busybox", "/usr/bin/busybox"];
const APPLETS = ["sh", "sleep"];
const TAR_BYTES_MAX = 32 * 2 ** 20;

/** @throws ImageUnavailable none of the ways led to one. */
export async function findImage(docker: Docker, signal: AbortSignal): Promise<DemoImage> {
  const tags = new Set((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []));
  for (const name of LIKELY) {
    if (tags.has(name) && (await canRun(docker, name))) return { name, origin: "present" };
  }
  signal.throwIfAborted();
  if (await pull(docker, signal)) return { name: PULLED, origin: "pulled" };
  signal.throwIfAborted();
  if (await make(docker)) return { name: MADE, origin: "made" };
  throw new ImageUnavailable(
    `its engine has no busybox image, cannot pull ${PULLED}, and this machine has no static busybox to make one of`,
  );
}

export async function removeImage(docker: Docker, { name, origin }: DemoImage): Promise<void> {
  if (origin !== "made") return;
  // Another demo may be using it: the last one removes it.
  await docker
    .getImage(name)
    .remove()
    .catch(() => undefined);
}

async function pull(docker: Docker, signal: AbortSignal): Promise<boolean> {
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PULL_LIMIT_MS)]);
  try {
    const progress = await docker.pull(PULLED, { abortSignal });
    await ended(docker, progress);
    return await canRun(docker, PULLED);
  } catch {
    return false; // no network, or no such luck: there is another way
  }
}

async function make(docker: Docker): Promise<boolean> {
  const busybox = BUSYBOX_PLACES.find((place) => existsSync(place));
  if (busybox === undefined) return false;
  try {
    const [repo, tag] = MADE.split(":");
    const archive = Readable.from([rootFileSystem(busybox)], { objectMode: false });
    const progress = await docker.importImage(archive, { repo, tag });
    await ended(docker, progress);
    return await canRun(docker, MADE);
  } catch {
    return false;
  }
}

/** A tar archive with a shell and `sleep`, and nothing else. */
function rootFileSystem(busybox: string): Buffer {
  const root = mkdtempSync(join(tmpdir(), "skep-demo-image-"));
  try {
    mkdirSync(join(root, "bin"));
    copyFileSync(busybox, join(root, "bin", "busybox"));
    for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
    const { status, stdout, stderr } = spawnSync("tar", ["-c", "-C", root, "."], {
      maxBuffer: TAR_BYTES_MAX,
    });
    if (status !== 0) throw new Error(`tar failed: ${String(stderr)}`);
    return stdout;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A busybox that needs libraries, or an engine on another kind of processor, shows only when one is run. */
async function canRun(docker: Docker, name: string): Promise<boolean> {
  const trial = await docker.createContainer({
    Image: name,
    Cmd: ["/bin/sh", "-c", "sleep 0"],
    HostConfig: { NetworkMode: "none" },
  });
  try {
    await trial.start();
    const { StatusCode } = (await trial.wait()) as { StatusCode: number };
    return StatusCode === 0;
  } catch {
    return false;
  } finally {
    await trial.remove({ force: true });
  }
}

/** The engine tells a failure in the last line of its progress. */
function ended(docker: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
