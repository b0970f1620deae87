/**
 * The leader's answers to hosts that begin or end to manage: it only writes down what is wanted,
 * and `member-keeper.ts` sees to it.
 */
import {
  FailedPreconditionError,
  MemberRemovedError,
  NotFoundError,
} from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import { type Node, nodeRole } from "../../shared/model/node.js";
import type { Logger } from "../../shared/ports/logger.js";
import { type Caller, callingNode } from "../../shared/rpc/caller.js";
import { formatHostPort } from "../../shared/rpc/host-port.js";
import type { MemberId } from "../raft/core/member-id.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import { nextMemberName } from "./core/member-name.js";
import { checkMayGo } from "./core/quorum-guard.js";
import type { EnlistRequest, EnlistResponse, KnownMember } from "./members-rpc.js";
import type { Roster } from "./roster.js";

export interface RecruiterOptions {
  readonly store: StoreAccess;
  readonly roster: Pick<Roster, "voters" | "votersUp">;
  readonly logger: Logger;
}

export class Recruiter {
  readonly #options: RecruiterOptions;

  constructor(options: RecruiterOptions) {
    this.#options = options;
  }

  /**
   * @throws NotFoundError, FailedPreconditionError the node is to be a worker, MemberRemovedError
   *   the member that it names is gone.
   */
  async enlist(request: EnlistRequest, caller: Caller): Promise<EnlistResponse> {
    const { nodeId } = callingNode(caller);
    const address = formatHostPort({ host: request.host || caller.address, port: request.port });
    const response = await this.#options.store.update((tx) => {
      const memberId = request.memberId ?? nextMemberName(tx.view);
      this.#seat(tx, nodeId, { memberId, address }, request.memberId);
      return {
        self: { memberId, address },
        others: managersIn(tx).filter((other) => other.memberId !== memberId),
      };
    });
    this.#options.logger.info({ nodeId, ...response.self }, "a manager said where it is");
    return response;
  }

  /** @throws FailedPreconditionError the others would have no majority. */
  async resign(_request: object, caller: Caller): Promise<object> {
    const { nodeId } = callingNode(caller);
    await this.#options.store.update((tx) => {
      const node = existing(tx, nodeId);
      if (nodeRole(node) !== "manager") return;
      this.checkDemotion(node);
      tx.apply({ kind: "update-node", nodeId, spec: { ...node.spec, Role: "worker" } });
    });
    return {};
  }

  /** @throws FailedPreconditionError in Docker's words. */
  checkDemotion({ manager }: Node): void {
    const { voters, votersUp } = this.#options.roster;
    if (manager !== undefined) checkMayGo(manager.memberId as MemberId, voters, votersUp);
  }

  #seat(
    tx: Transaction,
    nodeId: NodeId,
    manager: KnownMember,
    claimed: MemberId | undefined,
  ): void {
    const present = existing(tx, nodeId).manager;
    if (claimed !== undefined && present?.memberId !== claimed) {
      throw new MemberRemovedError(`${claimed} is no longer one of the managers`);
    }
    if (claimed === undefined && nodeRole(existing(tx, nodeId)) !== "manager") {
      throw new FailedPreconditionError(`node ${nodeId} is to be a worker`);
    }
    if (present?.memberId === manager.memberId && present.address === manager.address) return;
    tx.apply({ kind: "set-manager", nodeId, manager });
  }
}

function managersIn({ view }: Transaction): KnownMember[] {
  return view
    .nodes()
    .flatMap(({ manager }) => (manager === undefined ? [] : [manager]))
    .map(({ memberId, address }) => ({ memberId: memberId as MemberId, address }));
}

function existing({ view }: Transaction, nodeId: NodeId): Node {
  const node = view.node(nodeId);
  if (node === undefined) throw new NotFoundError("node", nodeId);
  return node;
}
