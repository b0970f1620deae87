/**
 * What the ways to a task cost: requests on kept connections through the ingress of its own host and
 * of another, and through a virtual address, each beside the straight way; and a stream through the
 * overlay beside one between the hosts. All in network namespaces, by `wrk` and `iperf3`.
 */
import { spawn } from "node:child_process";

import type { TaskId } from "../../shared/model/ids.js";
import { fileOf, inside, Namespaces, outcomeInside, PATH } from "../../test/network/namespaces.js";
import { FastServer } from "../../test/network/talk.js";
import { HOSTS, serviceOf, type TestNetwork, toldTo } from "../../test/network/two-hosts.js";
import { nameOf, publishPort, raise, type World } from "../../test/network/world.js";
import { bridgeName } from "../../worker/network/core/link-names.js";
import { VirtualAddressKeeper } from "../../worker/network/virtual-addresses.js";
import { median } from "../report.js";
import { clearByHand, layByHand } from "./by-hand.js";

/** Interleaved, so that what else the machine does falls on all of them. */
const ROUNDS = 5;
const ROUND_S = 2;
const CONNECTIONS = 32;
const VIP = "10.250.1.2";
const SERVER = "10.250.1.6";
const PORT = 8_080;
const [HOST1, HOST2] = HOSTS;

const NET: TestNetwork = {
  name: "net1",
  vni: 4_097,
  kind: "ingress",
  net: "10.250.1",
  tasks: [
    { taskId: "far" as TaskId, nodeId: HOST1.nodeId, address: "10.250.1.5" },
    { taskId: "server" as TaskId, nodeId: HOST2.nodeId, address: SERVER },
    { taskId: "near" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.7" },
  ],
  services: [serviceOf("web", VIP, [SERVER])],
};

export interface PathRatios {
  readonly straightPerS: number;
  readonly ingressLocal: number;
  readonly ingressRemote: number;
  readonly vip: number;
  readonly overlay: number;
  readonly underlayGbitS: number;
  /** With hand-made rules in place of ours, in the same rounds. */
  readonly byHand: { readonly ingressRemote: number; readonly overlay: number };
}

export async function measurePaths(progress: (line: string) => void): Promise<PathRatios> {
  using spaces = new Namespaces();
  const world = await raise(spaces, [NET]);
  await using server = await FastServer.start(nameOf(world, "server"), 80);
  await using near = await FastServer.start(nameOf(world, "near"), 81);
  await programVip(world, near.pid);
  const outside = spaces.addHost("outside", spaces.switchName, "192.0.2.9/24");
  inside(outside, ["ip", "route", "add", "10.250.1.0/24", "via", HOST2.address]);
  progress(
    `requests to a server of process ${server.pid}, ${ROUNDS} rounds of ${ROUND_S} s each way`,
  );
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    await layOurs(world);
    const straight = await requestsPerS(outside, SERVER, 80);
    const local = await requestsPerS(outside, HOST2.address, PORT);
    const remote = await requestsPerS(outside, HOST1.address, PORT);
    const inner = nameOf(world, "near");
    const between = await requestsPerS(inner, SERVER, 80);
    const vip = await requestsPerS(inner, VIP, 80);
    const streams = await streamsOf(world);
    layByHand(hostsOf(world), {
      publishedPort: PORT,
      task: `${SERVER}:80`,
      bridge: bridgeName(NET),
    });
    const remoteByHand = await requestsPerS(outside, HOST1.address, PORT);
    const streamsByHand = await streamsOf(world);
    rounds.push({
      straight,
      local: local / straight,
      remote: remote / straight,
      remoteByHand: remoteByHand / straight,
      vip: vip / between,
      overlay: streams.overlay / streams.underlay,
      overlayByHand: streamsByHand.overlay / streamsByHand.underlay,
      underlay: streams.underlay,
    });
  }
  return {
    straightPerS: median(rounds.map(({ straight }) => straight)),
    ingressLocal: median(rounds.map(({ local }) => local)),
    ingressRemote: median(rounds.map(({ remote }) => remote)),
    vip: median(rounds.map(({ vip }) => vip)),
    overlay: median(rounds.map(({ overlay }) => overlay)),
    underlayGbitS: median(rounds.map(({ underlay }) => underlay)) / 1e9,
    byHand: {
      ingressRemote: median(rounds.map(({ remoteByHand }) => remoteByHand)),
      overlay: median(rounds.map(({ overlayByHand }) => overlayByHand)),
    },
  };
}

function hostsOf({ hosts }: World): readonly string[] {
  return hosts.map(({ name }) => name);
}

async function layOurs(world: World): Promise<void> {
  clearByHand(hostsOf(world));
  const backends = [{ address: SERVER, nodeId: HOST2.nodeId }];
  await publishPort(world, [NET], { publishedPort: PORT, backends });
  // Nobody gets straight to a task from beside the hosts: to be compared with, this host lets pass.
  const straight = ["nft", "add", "element", "ip", "skep", "wires", "{ eth0 . skep4097 }"];
  inside(world.hosts[1]?.name ?? "", straight);
}

async function programVip({ hosts }: World, pid: number): Promise<void> {
  const kernel = hosts[1]?.kernel;
  if (kernel === undefined) return;
  const keeper = new VirtualAddressKeeper(kernel, (_task, cause) => {
    throw cause;
  });
  keeper.add("near" as TaskId, pid);
  await keeper.apply(toldTo(HOST2.nodeId, [NET]));
  keeper.rest();
}

async function requestsPerS(from: string, host: string, port: number): Promise<number> {
  const url = `http://${host}:${port}/`;
  const words = ["wrk", "-t1", `-c${CONNECTIONS}`, `-d${ROUND_S}s`, url];
  const { stdout } = await outcomeInside(from, words);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (rate === undefined) throw new Error(`wrk to ${url} said: ${stdout}`);
  return Number(rate);
}

/** In bits per second, one after the other. */
async function streamsOf(world: World): Promise<{ overlay: number; underlay: number }> {
  const [host1 = "", host2 = ""] = hostsOf(world);
  const underlay = await stream(host1, host2, HOST2.address);
  const overlay = await stream(nameOf(world, "far"), nameOf(world, "server"), SERVER);
  return { overlay, underlay };
}

/** @returns bits per second */
async function stream(from: string, to: string, address: string): Promise<number> {
  const words = [`--net=${fileOf(to)}`, "--", "iperf3", "--server", "--one-off", "--forceflush"];
  const server = spawn("nsenter", words, { env: { PATH }, stdio: ["ignore", "pipe", "ignore"] });
  await new Promise((resolve) => server.stdout.once("data", resolve));
  const client = ["iperf3", "--client", address, "--time", String(ROUND_S), "--json"];
  const { stdout } = await outcomeInside(from, client);
  await new Promise((resolve) =>
    server.exitCode === null ? server.once("exit", resolve) : resolve(0),
  );
  const result = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
  return result.end.sum_received.bits_per_second;
}
