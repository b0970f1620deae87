/**
 * The managers as this one sees them: who they are and where, from the replicated state; whether
 * they can be reached, from the connections to them.
 */
import { type ClusterError, NoLeaderError } from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import { type Node, nodeHostname } from "../../shared/model/node.js";
import type { CertifiedNode } from "../../shared/rpc/tls-identity.js";
import type { ManagerPlace, ManagerReachability } from "../api/host.js";
import type { MemberId } from "../raft/core/member-id.js";
import { votersOf } from "../raft/core/membership.js";
import type { RaftStatus } from "../raft/core/node.js";
import type { LinkState } from "../raft/transport/peer-link.js";
import type { StoreReader } from "../store/store-access.js";
import { isFormerMember } from "./core/member-name.js";
import { majorityOf } from "./core/quorum-guard.js";
import type { KnownMember } from "./members-rpc.js";

export interface RosterOptions {
  readonly store: StoreReader;
  readonly self: MemberId;
  /** Where others were when this member came: the state that tells may not be here yet. */
  readonly others: readonly KnownMember[];
  readonly status: () => RaftStatus | undefined;
  readonly linkState: (member: MemberId) => LinkState | undefined;
}

export class Roster {
  readonly #options: RosterOptions;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** `host:port`; undefined where nobody has said it yet. */
  addressOf(member: MemberId): string | undefined {
    const known = this.#nodeOf(member)?.manager?.address;
    if (known !== undefined && known !== "") return known;
    return this.#options.others.find(({ memberId }) => memberId === member)?.address;
  }

  /** `host:port` of every manager. */
  get addresses(): readonly string[] {
    const known = this.#managers.map(({ manager }) => manager.address);
    const found = known.filter((address) => address !== "");
    return found.length > 0 ? found : this.#options.others.map(({ address }) => address);
  }

  get others(): readonly KnownMember[] {
    const { self, others } = this.#options;
    const known = this.#managers.map(({ manager: { address, memberId } }) => ({
      memberId: memberId as MemberId,
      address,
    }));
    const found = known.filter(({ memberId }) => memberId !== self);
    return known.length > 0 ? found : others;
  }

  get places(): readonly ManagerPlace[] {
    return this.#managers.map(({ id, manager }) => ({ nodeId: id, address: manager.address }));
  }

  /** Where this state does not know the member yet, any manager's word is taken for its own name. */
  mayActFor({ nodeId }: CertifiedNode, member: MemberId): boolean {
    const node = this.#nodeOf(member);
    return node === undefined || node.id === nodeId;
  }

  isFormer(member: MemberId): boolean {
    const { status, store } = this.#options;
    const present = status();
    return present !== undefined && isFormerMember(member, store.committed, present.membership);
  }

  isUp(member: MemberId): boolean {
    const { linkState, self } = this.#options;
    return member === self || linkState(member) === "up";
  }

  get voters(): readonly MemberId[] {
    const present = this.#options.status();
    return present === undefined ? [] : votersOf(present.membership);
  }

  get votersUp(): readonly MemberId[] {
    return this.voters.filter((member) => this.isUp(member));
  }

  reachabilityOf(nodeId: NodeId): ManagerReachability | undefined {
    const { status, store } = this.#options;
    const manager = store.committed.node(nodeId)?.manager;
    if (manager === undefined) return undefined;
    const member = manager.memberId as MemberId;
    return {
      leader: status()?.leader === member,
      reachability: this.isUp(member) ? "reachable" : "unreachable",
      address: manager.address,
    };
  }

  /** Why nothing can be read or written now: who is missing. Docker's words, and then the names. */
  whyUnavailable(): ClusterError {
    const { voters } = this;
    const missing = voters.filter((member) => !this.isUp(member));
    const up = voters.length - missing.length;
    const needed = majorityOf(voters.length);
    const lead = "The swarm does not have a leader.";
    if (up >= needed) return new NoLeaderError(`${lead} One is being elected; try again`);
    return new NoLeaderError(
      `${lead} It's possible that too few managers are online: of ${voters.length} managers ${up} can be reached from here, ` +
        `and ${needed} are needed. Missing: ${missing.map((member) => this.#nameOf(member)).join(", ")}. ` +
        "Make sure more than half of the managers are online.",
    );
  }

  #nameOf(member: MemberId): string {
    const node = this.#nodeOf(member);
    const address = this.addressOf(member) ?? "address unknown";
    return `${node === undefined ? member : nodeHostname(node)} (${address})`;
  }

  #nodeOf(member: MemberId): Node | undefined {
    return this.#managers.find(({ manager }) => manager.memberId === member);
  }

  get #managers(): readonly (Node & Required<Pick<Node, "manager">>)[] {
    const nodes = this.#options.store.committed.nodes();
    return nodes.filter(
      (node): node is (typeof nodes)[number] & Required<Pick<Node, "manager">> =>
        node.manager !== undefined,
    );
  }
}
