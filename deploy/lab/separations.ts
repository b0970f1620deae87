/**
 * Pairs of hosts that cannot hear each other, though both have their cable in: the switch drops
 * what goes from one to the other. It is what a cluster finds hardest, because each third host still
 * hears both.
 */
import { wordsInNetworkOf } from "./in-host.js";
import { runProgram } from "./run-program.js";

/** `up` makes it, in the network namespace of the switch. */
export const SEPARATIONS_TABLE = `
table bridge lab {
  set apart { type ifname . ifname; }
  chain forward {
    type filter hook forward priority 0
    iifname . oifname @apart drop
  }
}`;

export async function setSeparation(
  switchPid: number,
  [one, other]: readonly [string, string],
  wanted: "apart" | "together",
): Promise<void> {
  const verb = wanted === "apart" ? "add" : "delete";
  const pairs = `{ "${one}" . "${other}", "${other}" . "${one}" }`;
  const command = `${verb} element bridge lab apart ${pairs}`;
  await runProgram(wordsInNetworkOf(switchPid, ["nft", command]));
}

/** By host, those that it cannot hear, in order. As the kernel has it. */
export async function separations(
  switchPid: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const list = ["nft", "--json", "list", "set", "bridge", "lab", "apart"] as const;
  const stdout = await runProgram(wordsInNetworkOf(switchPid, list));
  const { nftables } = JSON.parse(stdout) as {
    nftables: { set?: { elem?: { concat: [string, string] }[] } }[];
  };
  const pairs = nftables.flatMap(({ set }) => set?.elem ?? []).map(({ concat }) => concat);
  const hosts = [...new Set(pairs.map(([one]) => one))];
  return new Map(
    hosts.map((host) => [
      host,
      pairs
        .filter(([one]) => one === host)
        .map(([, other]) => other)
        .sort(),
    ]),
  );
}
