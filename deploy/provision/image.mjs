/**
 * The one image that tests and the laboratory run: `skep/busybox:1`, a static busybox with its
 * applets and no entry point. Made here because nothing may be pulled.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { appletsOf, findStaticBusybox } from "./busybox.mjs";
import { callEngine } from "./engine-api.mjs";

export const IMAGE = "skep/busybox:1";

// Raised whenever what goes into the image changes, so that engines get the new one.
const RECIPE = "1";
const RECIPE_LABEL = "skep.recipe";
const MAX_TAR_BYTES = 32 * 1024 * 1024; // Debian's static busybox has 2 MB.

/**
 * Makes sure that the engine has the image.
 * @param {string} socket
 * @returns {Promise<"made" | "present">}
 * @throws Error when there is no static busybox to make it from, or the engine refuses
 */
export async function ensureImage(socket) {
  if (await isPresent(socket)) return "present";
  await importImage(socket, await packImage());
  return "made";
}

/**
 * What `importImage` takes. Packed once, it can be given to several engines.
 * @param {string} folder where it is put together, in a folder of its own
 * @returns {Promise<Buffer>}
 * @throws Error when there is no static busybox to make it from
 */
export async function packImage(folder = tmpdir()) {
  const scratch = mkdtempSync(join(folder, "skep-image-"));
  try {
    return packRootFs(scratch, await findStaticBusybox(scratch));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
async function isPresent(socket) {
  const call = { method: "GET", path: `/images/${IMAGE}/json` };
  const { status, text } = await callEngine(socket, call);
  if (status !== 200) return false;
  /** @type {{ Config?: { Labels?: Record<string, string> | null } }} */
  const image = JSON.parse(text);
  return image.Config?.Labels?.[RECIPE_LABEL] === RECIPE;
}

/**
 * `docker import`, in one call.
 * @param {string} socket
 * @param {Buffer} tar from `packImage`
 * @throws Error the engine refuses
 */
export async function importImage(socket, tar) {
  const [repo = "", tag = ""] = IMAGE.split(":");
  const query = new URLSearchParams([
    ["fromSrc", "-"],
    ["repo", repo],
    ["tag", tag],
    ["changes", 'CMD ["sh"]'],
    ["changes", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ["changes", `LABEL ${RECIPE_LABEL}=${RECIPE}`],
  ]);
  const { status, text } = await callEngine(socket, {
    method: "POST",
    path: `/images/create?${query.toString()}`,
    headers: { "content-type": "application/x-tar" },
    body: tar,
  });
  // A failed import still answers 200: the error is a line of the progress stream.
  if (status !== 200 || text.includes('"error"')) {
    throw new Error(`the engine at ${socket} refused ${IMAGE}: ${String(status)} ${text.trim()}`);
  }
}

/**
 * The root file system as a tar archive.
 * @param {string} scratch
 * @param {string} busybox
 * @returns {Buffer}
 */
function packRootFs(scratch, busybox) {
  const root = join(scratch, "rootfs");
  for (const folder of ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "var", "www"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777); // Containers may run as any user.
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const applet of appletsOf(busybox)) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const { status, stdout, stderr } = spawnSync(
    "tar",
    ["--create", ...owner, "--directory", root, "."],
    { maxBuffer: MAX_TAR_BYTES },
  );
  if (status !== 0) throw new Error(`tar failed: ${String(stderr)}`);
  return stdout;
}
