/** What a host says of its user's containers on networks, as calls of whichever manager answers. */
import { ATTACH, DETACH, OBSERVE } from "../shared/rpc/attachments-rpc.js";
import type { RpcClient } from "../shared/rpc/channel.js";
import type { AttachmentCalls } from "../worker/agent/attachment-keeper.js";

export function attachmentCalls(
  askManagers: <Answer>(ask: (client: RpcClient) => Promise<Answer>) => Promise<Answer>,
): AttachmentCalls {
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
