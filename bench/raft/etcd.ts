/**
 * Three members of etcd on the loopback, from Debian's package, under the same load. Its clients
 * write to the leader, from processes of their own; nothing is encrypted, which ours is.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  type DebianPackages,
  provideDebianPackages,
  unpackedRoot,
} from "../../deploy/lab/debian-packages.js";
import { assert } from "../../shared/errors/assert.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { askProcess, endProcess, freePorts } from "./child-processes.js";
import { EtcdConnection } from "./etcd-call.js";
import type { EtcdAnswer, EtcdOrder } from "./etcd-messages.js";
import { summary } from "./load.js";
import type { LoadFigures, LoadOrder } from "./member-messages.js";

const PACKAGES: DebianPackages = { name: "etcd-3.5", suite: "trixie", packages: ["etcd-server"] };
const INSTALLED = "/usr/bin/etcd";
const CLIENTS_PROGRAM = fileURLToPath(new URL("./etcd-client-process.js", import.meta.url));
/** One per core of the machine that the figures are compared on: a single one would be the limit. */
const CLIENT_PROCESSES = 2;
const NAMES = ["one", "two", "three"] as const;
const FETCH_TIMEOUT_MS = 60_000;
const LEADER_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 100;
const NEVER = new AbortController().signal;
/** `USER_HZ` of Linux. */
const CPU_TICK_MS = 10;

/** @throws LabError it is neither installed nor can it be fetched. */
export async function provideEtcd(log: (line: string) => void): Promise<string> {
  if (existsSync(INSTALLED)) return INSTALLED;
  await provideDebianPackages(PACKAGES, { log, signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  return join(unpackedRoot(PACKAGES), "usr/bin/etcd");
}

export class EtcdMembers {
  readonly #members: ChildProcess[] = [];
  readonly #clients: ChildProcess[] = [];
  #leader = "";

  /** @param folder on the disk that is to be measured. */
  async start(program: string, folder: string): Promise<void> {
    const ports = await freePorts(2 * NAMES.length);
    const members = NAMES.map((name, i) => ({
      name,
      client: `127.0.0.1:${ports[2 * i] ?? 0}`,
      peer: `http://127.0.0.1:${ports[2 * i + 1] ?? 0}`,
    }));
    const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(",");
    for (const { name, client, peer } of members) {
      const args = [
        ...["--name", name, "--data-dir", join(folder, name), "--log-level", "error"],
        ...["--listen-client-urls", `http://${client}`],
        ...["--advertise-client-urls", `http://${client}`],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...["--initial-cluster", cluster],
      ];
      this.#members.push(spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] }));
    }
    for (let i = 0; i < CLIENT_PROCESSES; i++) {
      this.#clients.push(fork(CLIENTS_PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] }));
    }
    this.#leader = await findLeader(members.map(({ client }) => client));
  }

  async load(order: Omit<LoadOrder, "kind">): Promise<LoadFigures> {
    const { inFlight, warmUpMs, durationMs } = order;
    const clients = this.#clients.slice(0, Math.min(inFlight, CLIENT_PROCESSES));
    const share = inFlight / clients.length;
    const request: EtcdOrder = { ...order, kind: "load", inFlight: share, address: this.#leader };
    const beforeMs = this.#cpuMs();
    const answers = await Promise.all(
      clients.map(async (client) => (await askProcess(client, { ...request })) as EtcdAnswer),
    );
    const cpuMs = this.#cpuMs() - beforeMs;
    const latenciesMs = answers.flatMap((answer) => answer.latenciesMs);
    // Of the counted part, as if the warm-up were like it.
    const counted = ((durationMs / (warmUpMs + durationMs)) * 1_000) / latenciesMs.length;
    const clientCpuMs = answers.reduce((total, answer) => total + answer.cpuMs, 0);
    return {
      ...summary(latenciesMs, durationMs),
      cpuUs: cpuMs * counted,
      clientCpuUs: clientCpuMs * counted,
    };
  }

  async end(): Promise<void> {
    await Promise.all([...this.#clients, ...this.#members].map(endProcess));
  }

  /** Of the members alone. */
  #cpuMs(): number {
    return this.#members.reduce((total, { pid }) => total + cpuMsOf(pid), 0);
  }
}

function cpuMsOf(pid: number | undefined): number {
  assert(pid !== undefined, "etcd was started");
  // After the program's name, which may hold spaces; utime and stime are the 14th and 15th field.
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user, system] = fields.split(" ").slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * CPU_TICK_MS;
}

async function findLeader(addresses: readonly string[]): Promise<string> {
  const untilMs = performance.now() + LEADER_WITHIN_MS;
  for (;;) {
    for (const address of addresses) {
      const connection = new EtcdConnection(address);
      const leads = await connection.leads().catch(() => false); // not up yet
      connection.close();
      if (leads) return address;
    }
    assert(performance.now() < untilMs, "the members of etcd find no leader");
    await systemClock.sleep(LOOK_EVERY_MS, NEVER);
  }
}
