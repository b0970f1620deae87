/** What to type on another host so that it joins. */
import type { Node } from "../../../shared/docker-api/node-spec.js";
import type { Swarm } from "../../../shared/docker-api/swarm-spec.js";
import type { CommandContext } from "../../context.js";

export type JoinRole = "worker" | "manager";

export async function printJoinCommands(
  { client, stdout }: Pick<CommandContext, "client" | "stdout">,
  nodeId: string,
  roles: readonly JoinRole[],
): Promise<void> {
  const [node, swarm] = await Promise.all([
    client.call<Node>("GET", `/nodes/${encodeURIComponent(nodeId)}`),
    client.call<Swarm>("GET", "/swarm"),
  ]);
  const address = node.ManagerStatus?.Addr;
  if (address === undefined) return;
  for (const role of roles) {
    const token = role === "worker" ? swarm.JoinTokens.Worker : swarm.JoinTokens.Manager;
    stdout.write(
      `To add a ${role} to this swarm, run the following command:\n\n` +
        `    skep swarm join --token ${token} ${address}\n\n`,
    );
  }
}
