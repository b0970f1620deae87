/** Hosts in namespaces, with a container for each task of their networks. */
import type { NodeId } from "../../shared/model/ids.js";
import type { IngressPort } from "../../shared/model/node-networks.js";
import { bridgeName } from "../../worker/network/core/link-names.js";
import { IngressKeeper } from "../../worker/network/ingress.js";
import { Kernel } from "../../worker/network/kernel.js";
import { OverlayKeeper } from "../../worker/network/overlay.js";
import type { Namespaces } from "./namespaces.js";
import { fileOf, PATH } from "./namespaces.js";
import { gatewayOf, HOSTS, macOf, type TestNetwork, toldTo } from "./two-hosts.js";

export interface World {
  readonly spaces: Namespaces;
  readonly hosts: readonly {
    readonly nodeId: NodeId;
    readonly name: string;
    readonly kernel: Kernel;
  }[];
  readonly tasks: ReadonlyMap<string, string>;
}

/** Two hosts with their overlays set up, and a container for each task. */
export async function raise(spaces: Namespaces, networks: readonly TestNetwork[]): Promise<World> {
  const at = spaces.addSwitch();
  const hosts = HOSTS.map(({ nodeId, address }) => {
    const name = spaces.addHost(nodeId, at, `${address}/24`);
    return { nodeId, name, kernel: new Kernel({ path: PATH, namespace: fileOf(name) }) };
  });
  for (const { nodeId, kernel } of hosts) {
    const keeper = new OverlayKeeper(kernel);
    await keeper.apply(toldTo(nodeId, networks));
    keeper.rest();
  }
  const tasks = networks.flatMap((network) =>
    network.tasks.map(({ taskId, nodeId, address }) => {
      const host = hosts.find((one) => one.nodeId === nodeId)?.name ?? "";
      const link = {
        bridge: bridgeName(network),
        mac: macOf(address),
        address,
        prefix: 24,
        gateway: gatewayOf(network, nodeId),
      };
      return [taskId, spaces.addContainer(taskId, host, link)] as const;
    }),
  );
  return { spaces, hosts, tasks: new Map(tasks) };
}

/** Every host answers on the port, for any of the backends. */
export async function publishPort(
  world: World,
  networks: readonly TestNetwork[],
  port: { readonly publishedPort: number; readonly backends: IngressPort["backends"] },
): Promise<void> {
  const published = { protocol: "tcp", targetPort: 80, spread: "cluster", ...port } as const;
  for (const { kernel, nodeId } of world.hosts) {
    const keeper = new IngressKeeper(kernel, nodeId);
    const told = toldTo(nodeId, networks, [published]);
    await keeper.apply(told);
    await keeper.follow(told, "");
    keeper.rest();
  }
}

export function nameOf({ tasks }: World, taskId: string): string {
  return tasks.get(taskId) ?? "";
}
