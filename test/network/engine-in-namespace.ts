/** A Docker engine in a network namespace, with its own folder, which ends with its scope. */
import { type ChildProcess, spawn } from "node:child_process";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pingEngine } from "../../deploy/provision/engine-api.mjs";
import { ensureImage } from "../../deploy/provision/image.mjs";
import { eventually } from "../e2e/eventually.js";
import { fileOf, PATH } from "./namespaces.js";

/** `/run` has what two engines would share: locks of iptables and sockets of plugins. */
const ROOM = 'mount -t tmpfs tmpfs /run && exec "$@"';

export class EngineInNamespace implements AsyncDisposable {
  readonly socket: string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  /** @param bip address of its own bridge, which no other network may overlap */
  static async start(namespace: string, bip: string): Promise<EngineInNamespace> {
    const folder = mkdtempSync(join(tmpdir(), "skep-engine-"));
    const socket = join(folder, "docker.sock");
    const words = [
      ...[`--net=${fileOf(namespace)}`, "--", "unshare", "--mount", "--uts", "--"],
      ...["sh", "-ec", ROOM, "sh", "dockerd"],
      ...["--host", `unix://${socket}`, "--bip", bip],
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
      ...["--pidfile", join(folder, "docker.pid")],
    ];
    const log = openSync(join(folder, "log"), "a");
    const child = spawn("nsenter", words, { env: { PATH }, stdio: ["ignore", log, log] });
    closeSync(log);
    const engine = new EngineInNamespace(folder, socket, child);
    await eventually("the engine answers", async () => (await pingEngine(socket)) || undefined);
    await ensureImage(socket);
    return engine;
  }

  private constructor(folder: string, socket: string, child: ChildProcess) {
    this.#folder = folder;
    this.socket = socket;
    this.#child = child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    for (const mount of ["data", "exec"]) {
      spawnSync("umount", ["--lazy", "--recursive", join(this.#folder, mount)], { env: { PATH } });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
