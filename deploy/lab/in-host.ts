/** From this machine into a host: how to run something there as if one had logged in. */
import type { LabCgroups } from "./cgroups.js";

/** The host's cgroup first, so that what runs there is frozen with the host. */
const ENTER = 'echo $$ > "$1" && shift && exec "$@"';

/** Entering a mount namespace leads to its root: back to where the user was. */
const RETURN = 'cd "$1" 2>/dev/null || cd /; shift; exec "$@"';

export interface HostDoor {
  readonly host: string;
  /** Of the host's first process. */
  readonly pid: number;
  readonly cgroups: LabCgroups;
}

export type CommandWords = readonly [string, ...string[]];

/** The words that run `command` on the host, in the folder `cwd` of this machine. */
export function wordsInHost(
  { host, pid, cgroups }: HostDoor,
  command: CommandWords,
  cwd = "/",
): CommandWords {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  return [
    ...(["sh", "-c", ENTER, "sh", cgroups.entrance(host)] as const),
    ...["nsenter", "--target", String(pid), ...namespaces, "--"],
    ...["sh", "-c", RETURN, "sh", cwd, ...command],
  ];
}

/** The words that run `command` in the network of the first process `pid`, and else on this machine. */
export function wordsInNetworkOf(pid: number, command: CommandWords): CommandWords {
  return ["nsenter", "--target", String(pid), "--net", "--", ...command];
}
