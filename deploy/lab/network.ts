/**
 * The network between the hosts: a bridge in a namespace of its own, the switch, and a cable from
 * there to each host. Nothing of it is in the machine's own network namespace, so no firewall of the
 * machine's has a say, and nothing of the machine's is changed.
 *
 *     switch:  br0 ─┬─ host1 ═══ eth0 :host1
 *                   ├─ host2 ═══ eth0 :host2
 *                   └─ host3 ═══ eth0 :host3
 *
 * A host is cut off at the switch: it sees its cable lose the carrier, keeps address and routes, and
 * cannot undo it.
 */
import { wordsInNetworkOf } from "./in-host.js";
import { type LabHost, PREFIX_LENGTH } from "./layout.js";
import { runProgram } from "./run-program.js";
import { SEPARATIONS_TABLE } from "./separations.js";

/** `off`: there is nothing at the other end. */
export type LinkState = "up" | "cut" | "off";

/** Frames between hosts are not the switch's business, whatever netfilter rules there are. */
const MAKE_SWITCH = `
  set -e
  ip link set lo up
  for rule in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$rule" ] || echo 0 > "$rule"; done
  ip link add br0 type bridge
  ip link set br0 up
  nft "$1"
`;

const PLUG_IN = `
  set -e
  name=$1 pid=$2
  ip link delete "$name" 2>/dev/null || :
  ip link add "$name" type veth peer name eth0 netns "$pid"
  ip link set "$name" master br0
  ip link set "$name" up
`;

/** Forwarding is for the host's engine to switch on: it then also drops what it does not know. */
const CONFIGURE = `
  set -e
  echo 0 > /proc/sys/net/ipv4/ip_forward
  ip link set lo up
  ip address add "$1" dev eth0
  ip link set eth0 up
`;

/** @param switchPid of the switch's first process. */
export async function makeSwitch(switchPid: number, signal: AbortSignal): Promise<void> {
  await runProgram(
    wordsInNetworkOf(switchPid, ["sh", "-c", MAKE_SWITCH, "sh", SEPARATIONS_TABLE]),
    { signal },
  );
}

export async function plugIn(
  switchPid: number,
  { name, address }: LabHost,
  hostPid: number,
  signal: AbortSignal,
): Promise<void> {
  const plug = ["sh", "-c", PLUG_IN, "sh", name, String(hostPid)] as const;
  await runProgram(wordsInNetworkOf(switchPid, plug), { signal });
  const configure = ["sh", "-c", CONFIGURE, "sh", `${address}/${PREFIX_LENGTH}`] as const;
  await runProgram(wordsInNetworkOf(hostPid, configure), { signal });
}

/** At once, whereas the kernel takes its time to clear away a network that nobody uses any more. */
export async function unplug(switchPid: number, host: string): Promise<void> {
  await runProgram(wordsInNetworkOf(switchPid, ["ip", "link", "delete", host]));
}

export async function setLink(switchPid: number, host: string, state: "up" | "cut"): Promise<void> {
  const word = state === "up" ? "up" : "down";
  await runProgram(wordsInNetworkOf(switchPid, ["ip", "link", "set", host, word]));
}

/** Of every host that is not off. As the kernel has it, whoever changed it. */
export async function linkStates(switchPid: number): Promise<ReadonlyMap<string, LinkState>> {
  const stdout = await runProgram(wordsInNetworkOf(switchPid, ["ip", "-json", "link", "show"]));
  const links = JSON.parse(stdout) as { ifname: string; flags: readonly string[] }[];
  return new Map(links.map(({ ifname, flags }) => [ifname, flags.includes("UP") ? "up" : "cut"]));
}
