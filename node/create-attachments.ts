/** What keeps this host's user's containers on networks of the cluster, where they can be on any. */
import type { NodeId } from "../shared/model/ids.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import { ATTACH, DETACH, OBSERVE } from "../shared/rpc/attachments-rpc.js";
import type { RpcClient } from "../shared/rpc/channel.js";
import type { NetworkKeeper } from "../worker/agent/agent.js";
import { type AttachmentCalls, AttachmentKeeper } from "../worker/agent/attachment-keeper.js";
import type { AttachedContainers } from "../worker/engine/docker/attached-containers.js";
import type { HostNetwork } from "../worker/network/host-network.js";

type AskManagers = <Answer>(ask: (client: RpcClient) => Promise<Answer>) => Promise<Answer>;

export interface AttachmentsOptions {
  readonly nodeId: NodeId;
  /** Absent where no container can be on networks of the cluster. */
  readonly attached: AttachedContainers | undefined;
  readonly network: HostNetwork | undefined;
  readonly askManagers: AskManagers;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createAttachments({
  askManagers,
  attached,
  network,
  ...options
}: AttachmentsOptions): AttachmentKeeper | undefined {
  if (attached === undefined || network === undefined) return undefined;
  return new AttachmentKeeper({
    ...options,
    containers: attached,
    told: () => network.told,
    managers: attachmentCalls(askManagers),
  });
}

/** What is told of the networks may be about what is attached to them. */
export function networkKeeper(
  network: HostNetwork,
  attachments: AttachmentKeeper | undefined,
): NetworkKeeper {
  return {
    want: async (told, applied) => {
      await network.want(told, applied);
      attachments?.heard(told);
    },
  };
}

/** As calls of whichever manager answers. */
function attachmentCalls(askManagers: AskManagers): AttachmentCalls {
  return {
    attach: (request) => askManagers((client) => client.call(ATTACH, request)),
    observe: async (request) => {
      await askManagers((client) => client.call(OBSERVE, request));
    },
    detach: async (request) => {
      await askManagers((client) => client.call(DETACH, request));
    },
  };
}
