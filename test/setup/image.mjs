/**
 * The one image that tests and demo run: `skep/busybox:1`, a static busybox with its applets and
 * no entry point. Made here because nothing may be pulled.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { chmodSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callEngine } from "./engine-api.mjs";

export const IMAGE = "skep/busybox:1";

const BUSYBOX = "/bin/busybox";
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
    body: packRootFs(),
  });
  // A failed import still answers 200: the error is a line of the progress stream.
  if (status !== 200 || text.includes('"error"')) {
    throw new Error(`the engine at ${socket} refused ${IMAGE}: ${String(status)} ${text.trim()}`);
  }
  return "made";
}

/**
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
async function isPresent(socket) {
  const { status, text } = await callEngine(socket, {
    method: "GET",
    path: `/images/${IMAGE}/json`,
  });
  if (status !== 200) return false;
  return JSON.parse(text).Config?.Labels?.[RECIPE_LABEL] === RECIPE;
}

/**
 * The root file system as a tar archive.
 * @returns {Buffer}
 */
function packRootFs() {
  if (!existsSync(BUSYBOX)) {
    throw new Error(`${IMAGE} is missing and there is no ${BUSYBOX} (static) to make it from`);
  }
  const root = mkdtempSync(join(tmpdir(), "skep-busybox-"));
  try {
    fillRootFs(root);
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    return run("tar", ["--create", ...owner, "--directory", root, "."]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** @param {string} root */
function fillRootFs(root) {
  const folders = ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "var", "www"];
  for (const folder of folders) mkdirSync(join(root, folder));
  chmodSync(root, 0o755); // mkdtemp made it for its owner alone; containers may run as any user.
  chmodSync(join(root, "tmp"), 0o1777);
  copyFileSync(BUSYBOX, join(root, "bin/busybox"));
  for (const applet of run(BUSYBOX, ["--list"]).toString("utf8").split("\n")) {
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Buffer}
 */
function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { maxBuffer: MAX_TAR_BYTES });
  if (status !== 0) throw new Error(`${program} failed: ${String(error ?? stderr)}`);
  return stdout;
}
