/**
 * How long a node takes to have in its kernel what it was told: a thousand services of ten tasks
 * each, whole, and then one of them changed, with thirty tasks of its own that all can reach them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ANSWERER } from "../../deploy/lab/built-programs.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { fileOf, inside, Namespaces, PATH } from "../../test/network/namespaces.js";
import { Idle } from "../../test/network/talk.js";
import { HOSTS, macOf, serviceOf } from "../../test/network/two-hosts.js";
import { NameKeeper } from "../../worker/network/dns.js";
import { HostNetwork } from "../../worker/network/host-network.js";
import { Kernel } from "../../worker/network/kernel.js";
import { median } from "../report.js";

const SERVICES = 1_000;
const BACKENDS = 10;
const CHANGES = 11;
const VNI = 4_097;
const NO_NAMES = { resolvers: [], search: [], options: [] };
const FOREVER = new AbortController().signal;
const [OWN, OTHER] = HOSTS;

export interface ProgrammingTimes {
  readonly wholeMs: number;
  readonly changeMs: number;
}

export async function measureProgramming(localTasks: number): Promise<ProgrammingTimes> {
  using spaces = new Namespaces();
  const folder = mkdtempSync(join(tmpdir(), "skep-bench-network-"));
  const stop = new AbortController();
  const name = spaces.addHost("node1", spaces.addSwitch(), `${OWN.address}/24`);
  const names = new NameKeeper({
    folder: join(folder, "names"),
    program: ["nsenter", `--net=${fileOf(name)}`, "--", process.execPath, ANSWERER],
  });
  const network = new HostNetwork({
    nodeId: OWN.nodeId,
    folder,
    kernel: new Kernel({ path: PATH, namespace: fileOf(name) }),
    names,
    clock: systemClock,
    logger: silentLogger,
  });
  const running = network.run(stop.signal);
  const idle: Idle[] = [];
  try {
    await applied(network, told(localTasks, 0, BACKENDS));
    for (let i = 0; i < localTasks; i++) {
      const process = await Idle.start(spaces.add(`t${i}`));
      idle.push(process);
      const task = { taskId: taskId(i), networkIds: ["bench"] };
      await network.prepare(task, NO_NAMES, FOREVER);
      await network.programmed(taskId(i), process.pid, FOREVER);
    }
    const wholeMs = await applied(network, told(localTasks, SERVICES, BACKENDS));
    const changesMs: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      changesMs.push(await applied(network, told(localTasks, SERVICES, BACKENDS - 1 - (i % 2))));
    }
    verify(idle[0], BACKENDS - 1 - ((CHANGES - 1) % 2));
    return { wholeMs, changeMs: median(changesMs) };
  } finally {
    stop.abort();
    await running;
    for (const one of idle) one.end();
    await names.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function applied(network: HostNetwork, wanted: NodeNetworks): Promise<number> {
  const begunMs = performance.now();
  await network.want(wanted);
  await network.settled(FOREVER);
  return performance.now() - begunMs;
}

/** Asked of the kernel itself. */
function verify(task: Idle | undefined, backends: number): void {
  const map = ["nft", "list", "map", "ip", "skep_vip", `m${backends}`];
  const listing = inside(`/proc/${task?.pid}/ns/net`, map);
  if (!listing.includes(addressOf(0, 0))) throw new Error("the change is not in the kernel");
}

function taskId(at: number): TaskId {
  return `local${at}` as TaskId;
}

/** @param changed how many tasks the first service has */
function told(localTasks: number, services: number, changed: number): NodeNetworks {
  const gateways = ["10.240.255.251", "10.240.255.252"] as const;
  const counts = Array.from({ length: services }, (_, at) => (at === 0 ? changed : BACKENDS));
  const remote = counts.flatMap((count, service) =>
    Array.from({ length: count }, (_, at) =>
      endpoint(`s${service}.${at}` as TaskId, OTHER.nodeId, addressOf(service, at)),
    ),
  );
  const local = Array.from({ length: localTasks }, (_, at) =>
    endpoint(taskId(at), OWN.nodeId, `10.240.254.${at + 1}`),
  );
  return {
    underlay: { address: OWN.address, port: 4_789 },
    ports: [],
    networks: [
      {
        networkId: "bench",
        name: "bench",
        vni: VNI,
        kind: "overlay",
        exit: "open",
        subnets: [{ cidr: "10.240.0.0/16", gateway: gateways[0] }],
        gatewayMac: macOf(gateways[0]),
        peers: [
          {
            nodeId: OTHER.nodeId,
            underlay: OTHER.address,
            gatewayMac: macOf(gateways[1]),
            gateways: [gateways[1]],
          },
        ],
        endpoints: [...local, ...remote],
        services: counts.map((count, service) =>
          serviceOf(
            `s${service}`,
            `10.240.${200 + Math.floor(service / 250)}.${(service % 250) + 1}`,
            Array.from({ length: count }, (_, at) => addressOf(service, at)),
          ),
        ),
      },
    ],
  };
}

function addressOf(service: number, at: number): string {
  const number = service * BACKENDS + at;
  return `10.240.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

function endpoint(
  id: TaskId,
  nodeId: NodeId,
  address: string,
): NodeNetworks["networks"][number]["endpoints"][number] {
  const [mac, addresses] = [macOf(address), [address]];
  return { taskId: id, nodeId, mac, addresses, names: [id], state: "serving" };
}
