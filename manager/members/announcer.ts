/**
 * Says where this manager is, until the log tells everybody: after a start at another address, too.
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { formatHostPort, type HostPort } from "../../shared/rpc/host-port.js";
import type { LeaderLink } from "../forward/leader-link.js";
import type { MemberId } from "../raft/core/member-id.js";
import type { StoreReader } from "../store/store-access.js";
import { ENLIST, type EnlistRequest, type EnlistResponse } from "./members-rpc.js";

export interface AnnounceOptions {
  readonly store: StoreReader;
  readonly link: LeaderLink;
  readonly nodeId: NodeId;
  readonly memberId: MemberId;
  readonly address: HostPort;
  /** What the leader does with it, where that is this manager. */
  readonly enlist: (request: EnlistRequest) => Promise<EnlistResponse>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const TRY_AGAIN_MS = 1_000;

/** Resolves once it is known, or this member is none any more; or when aborted. */
export async function announce(options: AnnounceOptions, signal: AbortSignal): Promise<void> {
  const { clock, enlist, link, logger, memberId, nodeId, store } = options;
  const { host, port } = options.address;
  const request = { memberId, host, port };
  while (!signal.aborted) {
    const known = store.committed.node(nodeId)?.manager;
    if (known?.memberId === memberId && known.address === formatHostPort(options.address)) return;
    try {
      const here = (): Promise<EnlistResponse> => enlist(request);
      await link.ask({ method: ENLIST, request, here, repeatable: "yes" });
      return;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.code === "member-removed") return;
      logger.warn({ reason: error.message }, "no leader knows yet where this manager is");
    }
    await clock.sleep(TRY_AGAIN_MS, signal).catch(() => undefined);
  }
}
