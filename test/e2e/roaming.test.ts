/**
 * Hosts with the usual settings, whose addresses come and go: in a network namespace of their own,
 * where interfaces are the test's to make.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import { beforeAll, expect, test } from "vitest";

import { prepareMachine } from "../../deploy/lab/machine.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { join, managerAddress, nodesOf, swarmOf } from "./nodes.js";
import { SkepdProcess, type SkepdSettings } from "./skepd-process.js";

/** A network of its own, with loopback and what `plug` adds. */
class Namespace implements Disposable {
  readonly #name = `skep-roam-${randomBytes(3).toString("hex")}`;

  constructor() {
    execFileSync("ip", ["netns", "add", this.#name]);
    this.ip("link", "set", "lo", "up");
  }

  get launcher(): string[] {
    return ["nsenter", `--net=/run/netns/${this.#name}`, "--"];
  }

  ip(...args: string[]): void {
    execFileSync("ip", ["-n", this.#name, ...args]);
  }

  plug(name: string, address: string): void {
    this.ip("link", "add", name, "type", "veth", "peer", "name", `${name}p`);
    this.ip("link", "set", `${name}p`, "up");
    this.ip("link", "set", name, "up");
    this.ip("address", "add", `${address}/24`, "dev", name);
  }

  [Symbol.dispose](): void {
    execFileSync("ip", ["netns", "delete", this.#name]);
  }
}

function everywhere(namespace: Namespace, hostname: string, port: number): SkepdSettings {
  const flags = ["--listen-addr", `0.0.0.0:${port}`];
  return { engine: "process", hostname, launcher: namespace.launcher, flags };
}

async function addressOf(manager: SkepdProcess, node: string): Promise<string> {
  return await manager.docker.output(["node", "inspect", "--format", "{{.Status.Addr}}", node]);
}

describeWithLab("a host that listens on all of its addresses", () => {
  beforeAll(async () => {
    await prepareMachine(() => undefined);
  });

  test("tells the one that leads out, keeps it beside another, and follows when it is gone", async () => {
    using namespace = new Namespace();
    namespace.plug("eth0", "192.0.2.2");
    await using manager = await SkepdProcess.init(everywhere(namespace, "host-a", 2377));
    expect(await managerAddress(manager)).toBe("192.0.2.2:2377");
    expect(await addressOf(manager, "self")).toBe("192.0.2.2");

    namespace.plug("eth1", "198.51.100.7");
    await manager.restartWith(["--listen-addr", "0.0.0.0:2377"]);
    expect(await managerAddress(manager)).toBe("192.0.2.2:2377");

    // A host that begins now has to be told; one that joins does not.
    await using worker = await SkepdProcess.start(everywhere(namespace, "host-b", 2378));
    expect((await worker.docker.run(["swarm", "init"])).stderr.trim()).toBe(
      "Error response from daemon: could not choose an IP address to advertise since this system has multiple addresses " +
        "on different interfaces (192.0.2.2 on eth0 and 198.51.100.7 on eth1) - specify one with --advertise-addr",
    );
    await join(worker, manager);
    expect(await addressOf(manager, "host-b")).toBe("192.0.2.2");

    await manager.kill("SIGTERM");
    namespace.ip("link", "delete", "eth1");
    namespace.ip("address", "delete", "192.0.2.2/24", "dev", "eth0");
    namespace.ip("address", "add", "192.0.2.3/24", "dev", "eth0");
    await manager.start();
    expect(await managerAddress(manager)).toBe("192.0.2.3:2377");
    await settles(async () => {
      expect(await addressOf(manager, "host-a")).toBe("192.0.2.3");
    });
    await worker.restartWith(["--listen-addr", "0.0.0.0:2378", "--manager-addr", "192.0.2.3"]);
    await settles(async () => {
      expect(await addressOf(manager, "host-b")).toBe("192.0.2.3");
      expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
    });
    expect(await swarmOf(worker)).toMatchObject({
      NodeAddr: "192.0.2.3",
      RemoteManagers: [{ Addr: "192.0.2.3:2377" }],
    });
  });
});
