/**
 * The leader's answers to nodes whose users put containers on networks: what is wanted is written
 * down, the allocator gives the addresses, and the node hears of the rest with its networks. Called
 * by any node, about its own containers only.
 */
import {
  FailedPreconditionError,
  NotFoundError,
  UnavailableError,
} from "../../shared/errors/cluster-error.js";
import { type Attachment, isAllocated } from "../../shared/model/attachment.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import { networkName } from "../../shared/model/network.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import {
  ATTACH,
  type AttachRequest,
  type AttachResponse,
  DETACH,
  OBSERVE,
} from "../../shared/rpc/attachments-rpc.js";
import { callingNode } from "../../shared/rpc/caller.js";
import type { RpcServer } from "../../shared/rpc/rpc-server.js";
import type { Change } from "../store/core/change.js";
import type { StoreView } from "../store/core/view.js";
import type { StoreAccess } from "../store/store-access.js";
import { planAttach, planDetach, planGiveUp, planObserve } from "./core/plan-attachment.js";

/** The allocator takes some milliseconds; a leader that has just begun may still be reading. */
const ALLOCATED_WITHIN_MS = 5_000;

export interface AttacherOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Attacher {
  readonly #options: AttacherOptions;

  constructor(options: AttacherOptions) {
    this.#options = options;
  }

  serveOn(server: Pick<RpcServer, "unary">): void {
    server.unary(ATTACH, (request, caller) => this.attach(request, callingNode(caller).nodeId));
    server.unary(OBSERVE, async (request, caller) => {
      const { nodeId } = callingNode(caller);
      await this.#write((view) => planObserve(view, nodeId, request));
      return {};
    });
    server.unary(DETACH, async (request, caller) => {
      const { nodeId } = callingNode(caller);
      await this.#write((view) => planDetach(view, nodeId, request));
      return {};
    });
  }

  /** @throws NotFoundError, PermissionDeniedError, FailedPreconditionError no address is left */
  async attach(request: AttachRequest, nodeId: NodeId): Promise<AttachResponse> {
    const { logger, store } = this.#options;
    const { id } = request;
    await this.#write((view, atMs) => planAttach(view, nodeId, atMs, request));
    const attachment = await this.#allocated(id);
    if (attachment === undefined || !isAllocated(attachment)) {
      await this.#write((view) => planGiveUp(view, id));
      if (attachment?.error !== undefined) throw new FailedPreconditionError(attachment.error);
      throw new UnavailableError(`no addresses were given within ${ALLOCATED_WITHIN_MS} ms`);
    }
    logger.info({ attachment: id, nodeId }, "a container was attached");
    return { networks: givenTo(store.committed, attachment) };
  }

  async #write(plan: (view: StoreView, atMs: number) => Change | undefined): Promise<void> {
    await this.#options.store.update((tx) => {
      const change = plan(tx.view, tx.atMs);
      if (change !== undefined) tx.apply(change);
    });
  }

  /**
   * Resolves once it has its addresses, or it is known why not, or the time is over.
   * @throws NotFoundError it was let go meanwhile
   */
  #allocated(id: TaskId): Promise<Attachment | undefined> {
    const { clock, store } = this.#options;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const attachment = store.committed.attachment(id);
        if (attachment === undefined) end(() => reject(new NotFoundError("task", id)));
        else if (isAllocated(attachment) || attachment.error !== undefined)
          end(() => resolve(attachment));
      };
      const timer = clock.after(ALLOCATED_WITHIN_MS, () =>
        end(() => resolve(store.committed.attachment(id))),
      );
      const watch = store.watch(({ events }) => {
        if (events.some((one) => one.type === "attachment")) look();
      });
      const end = (settle: () => void): void => {
        timer.cancel();
        watch.close();
        settle();
      };
      look();
    });
  }
}

function givenTo(view: StoreView, { addresses = [] }: Attachment): AttachResponse["networks"] {
  return addresses.map(({ networkId, addresses: given }) => {
    const network = view.network(networkId);
    const name = network === undefined ? "" : networkName(network.spec);
    return { networkId, name, addresses: given };
  });
}
