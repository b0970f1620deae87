/** Hosts that join one another, and what their managers say of them. */
import type { SkepdProcess } from "./skepd-process.js";

/** `host:port` at which others reach this manager. */
export async function managerAddress(manager: SkepdProcess): Promise<string> {
  const node = ["node", "inspect", "self", "--format", "{{.ManagerStatus.Addr}}"];
  return await manager.skep.output(node);
}

export async function workerToken(manager: SkepdProcess, ...flags: string[]): Promise<string> {
  return await manager.skep.output(["swarm", "join-token", "--quiet", ...flags, "worker"]);
}

/** @param flags of `swarm join` */
export async function join(
  worker: SkepdProcess,
  manager: SkepdProcess,
  ...flags: string[]
): Promise<void> {
  const token = ["--token", await workerToken(manager)];
  const address = await managerAddress(manager);
  await worker.skep.output(["swarm", "join", ...token, ...flags, address]);
}

/** As `Leader host-a Ready` or `host-b Down`, in order. */
export async function nodesOf(manager: SkepdProcess): Promise<string[]> {
  const columns = "{{.ManagerStatus}} {{.Hostname}} {{.Status}}";
  const listed = await manager.skep.output(["node", "ls", "--format", columns]);
  return listed
    .split("\n")
    .map((line) => line.trim())
    .sort();
}

/** What a host says of its own membership. */
export interface LocalSwarm {
  readonly LocalNodeState: string;
  readonly NodeID: string;
  readonly NodeAddr: string;
  readonly Error: string;
  readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
}

export async function swarmOf(skepd: SkepdProcess): Promise<LocalSwarm> {
  const { json } = await skepd.call({ path: "/info" });
  return (json as { readonly Swarm: LocalSwarm }).Swarm;
}
