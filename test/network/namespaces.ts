/**
 * Hosts and containers made of nothing but network namespaces: for what is asked of the kernel
 * alone. A host has an address on a common switch, a container hangs on one of its host's bridges,
 * as an engine would have it.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

export const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Removes itself at the end of its scope, with all that was made in it. */
export class Namespaces implements Disposable {
  /** Of this run alone: several may be at work. */
  readonly #mark = `sk${randomBytes(2).toString("hex")}`;
  readonly #names: string[] = [];
  switchName = "";

  /** A namespace with nothing but loopback. @returns its name */
  add(role: string): string {
    const name = `${this.#mark}-${role}`;
    run(["ip", "netns", "add", name]);
    this.#names.push(name);
    inside(name, ["ip", "link", "set", "lo", "up"]);
    return name;
  }

  /** The switch that hosts are plugged into. */
  addSwitch(): string {
    const name = this.add("switch");
    script(name, "ip link add br0 type bridge; ip link set br0 up");
    this.switchName = name;
    return name;
  }

  addHost(role: string, at: string, address: string): string {
    const name = this.add(role);
    run(["ip", "-n", at, "link", "add", role, "type", "veth", "peer", "eth0", "netns", name]);
    script(at, `ip link set ${role} master br0 up`);
    script(
      name,
      `ip addr add ${address} dev eth0; ip link set eth0 up; echo 1 > /proc/sys/net/ipv4/ip_forward`,
    );
    return name;
  }

  /** On `bridge` of `host`, with a way out by `gateway`. */
  addContainer(
    role: string,
    host: string,
    { bridge, mac, address, prefix, gateway, mtu = 1450 }: ContainerLink,
  ): string {
    const name = this.add(role);
    const veth = `v${role}`;
    run(["ip", "-n", host, "link", "add", veth, "type", "veth", "peer", "eth0", "netns", name]);
    script(host, `ip link set ${veth} mtu ${mtu} master ${bridge} up`);
    script(
      name,
      `ip link set eth0 address ${mac} mtu ${mtu}; ip addr add ${address}/${prefix} dev eth0; ip link set eth0 up; ip route add default via ${gateway}`,
    );
    return name;
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) run(["ip", "netns", "delete", name]);
  }
}

export interface ContainerLink {
  readonly bridge: string;
  readonly mac: string;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly mtu?: number;
}

/** @param name of one of ours, or the path of the file itself */
export function fileOf(name: string): string {
  return name.startsWith("/") ? name : `/run/netns/${name}`;
}

/** What it prints. @throws with its complaint */
export function inside(name: string, words: readonly string[], input?: string): string {
  return run(["nsenter", `--net=${fileOf(name)}`, "--", ...words], input);
}

function script(name: string, text: string): string {
  return inside(name, ["sh", "-ec", text]);
}

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
}

/** Without waiting on the event loop's thread, and whatever its end. */
export function outcomeInside(name: string, words: readonly string[]): Promise<ProgramResult> {
  const child = spawn("nsenter", [`--net=${fileOf(name)}`, "--", ...words], {
    env: { PATH },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ status: code ?? 128, stdout }));
  });
}

function run([program = "", ...args]: readonly string[], input?: string): string {
  const result = spawnSync(program, args, { encoding: "utf8", env: { PATH, LC_ALL: "C" }, input });
  if (result.status === 0) return result.stdout;
  throw new Error(`${program} ${args.join(" ")}: ${result.stderr}${result.error?.message ?? ""}`);
}
