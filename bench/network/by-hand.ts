/**
 * The least that hosts need to answer on a published port, as somebody would write it by hand: with no
 * regard to other networks, other hosts' packets or changes. What ours costs is compared with it.
 */
import { inside } from "../../test/network/namespaces.js";

export interface HandMadePort {
  readonly publishedPort: number;
  /** `address:port` of the only task. */
  readonly task: string;
  readonly bridge: string;
}

/** Instead of our tables. @param hosts their namespaces */
export function layByHand(hosts: readonly string[], port: HandMadePort): void {
  for (const host of hosts) {
    for (const family of ["ip", "ip6"]) removeTable(host, `${family} skep`);
    inside(host, ["nft", "-f", "-"], rulesOf(port));
  }
}

export function clearByHand(hosts: readonly string[]): void {
  for (const host of hosts) removeTable(host, "ip by_hand");
}

/** Whether it is there or not. */
function removeTable(host: string, table: string): void {
  inside(host, ["nft", "-f", "-"], `add table ${table}\ndelete table ${table}\n`);
}

function rulesOf({ bridge, publishedPort, task }: HandMadePort): string {
  const lead = "fib daddr type local meta l4proto . th dport vmap @ports;";
  return `table ip by_hand {
    chain port { meta l4proto tcp dnat to ${task}; }
    map ports { type inet_proto . inet_service : verdict; elements = { tcp . ${publishedPort} : goto port }; }
    chain in { type nat hook prerouting priority -110; ${lead} }
    chain out { type nat hook output priority -110; ${lead} }
    chain back { type nat hook postrouting priority 90; oifname "${bridge}" ct status dnat masquerade; }
  }\n`;
}
