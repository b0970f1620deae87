/**
 * This manager's part in consensus: its store, its log, the way to the other managers, and its name
 * among them. Put together here, so that the manager above only uses it.
 */
import type { Cluster } from "../shared/model/cluster.js";
import type { Network } from "../shared/model/network.js";
import type { Node } from "../shared/model/node.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import type { CertifiedNode, IdentitySource } from "../shared/rpc/tls-identity.js";
import { memberName } from "./members/core/member-name.js";
import { type MemberFile, readMemberFile, writeMemberFile } from "./members/member-file.js";
import type { EnlistResponse, KnownMember } from "./members/members-rpc.js";
import { beginEpoch } from "./members/new-epoch.js";
import { Roster } from "./members/roster.js";
import { compactionOf, paceOf } from "./raft/cluster-pace.js";
import type { MemberId } from "./raft/core/member-id.js";
import { membersOf } from "./raft/core/membership.js";
import { nodeDisk } from "./raft/node-disk.js";
import { RaftMember } from "./raft/raft-member.js";
import type { Leadership, StateMachine } from "./raft/replicated-log.js";
import { RaftTransport } from "./raft/transport/raft-transport.js";
import { Store } from "./store/store.js";

/** A new cluster and its first node. */
export interface Founding {
  readonly cluster: Cluster;
  readonly node: Node;
  /** The network that published ports are served over. */
  readonly ingress?: Network;
}

export interface ConsensusOptions {
  /** The log, its snapshots and this member's name are kept below it. */
  readonly dataDir: string;
  readonly identity: IdentitySource & { readonly node: CertifiedNode };
  /** Where there is no cluster yet. */
  readonly founding?: Founding;
  /** This host's node, where a restored state may not know it. */
  readonly newNode?: Node;
  /** How a host that is no member yet becomes one: asks the managers that it knows. */
  readonly enlist: () => Promise<EnlistResponse>;
  /** `host:port` at which the others find this one; empty while that is not known. */
  readonly address: () => string;
  readonly onLeadership: (leadership: Leadership) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The log can no longer be written, or a bug of ours: the process must end. */
  readonly onFatal: (error: unknown) => void;
}

/** How long a leader that stops waits for another to take the lead: an election takes no longer. */
const HAND_OVER_MS = 1_500;
const HAND_OVER_LOOK_MS = 10;

export class Consensus {
  readonly memberId: MemberId;
  readonly store: Store;
  readonly log: RaftMember;
  readonly transport: RaftTransport;
  readonly roster: Roster;
  readonly #clock: Clock;
  readonly #letGo: { by?: MemberId };

  /**
   * Recovers the state from the disk. A lone member leads once this has resolved.
   * @throws DamagedLogError, StorageFailedError, and what `enlist` throws.
   */
  static async open(options: ConsensusOptions): Promise<Consensus> {
    const { clock, dataDir, founding, logger } = options;
    const file = (await readMemberFile(dataDir)) ?? (await enter(options));
    const self = file.memberId as MemberId;
    const others = file.others.map(({ address, memberId }): KnownMember => ({
      memberId: memberId as MemberId,
      address,
    }));
    const store = new Store({ clock, logger: logger.child({ part: "store" }) });
    const parts: { log?: RaftMember } = {};
    const roster: Roster = new Roster({
      store,
      self,
      others,
      status: () => parts.log?.status,
      linkState: (member) => transport.stateOf(member),
    });
    const letGo: { by?: MemberId } = {};
    const transport = transportOf(options, self, roster, letGo);
    try {
      const log = await openLog(options, { self, store, transport });
      parts.log = log;
      store.connect(log);
      const { sequence } = store.committed;
      logger.info({ sequence, stateHash: store.stateHash() }, "state recovered");
      const consensus = new Consensus({ self, store, log, transport, roster, letGo, clock });
      if (founding !== undefined) await found(store, founding, self);
      await consensus.#beginEpochIfDue(options);
      return consensus;
    } catch (error) {
      transport.close();
      await parts.log?.close();
      throw error;
    }
  }

  private constructor(parts: {
    readonly self: MemberId;
    readonly store: Store;
    readonly log: RaftMember;
    readonly transport: RaftTransport;
    readonly roster: Roster;
    readonly letGo: { by?: MemberId };
    readonly clock: Clock;
  }) {
    this.memberId = parts.self;
    this.store = parts.store;
    this.log = parts.log;
    this.transport = parts.transport;
    this.roster = parts.roster;
    this.#letGo = parts.letGo;
    this.#clock = parts.clock;
  }

  async #beginEpochIfDue({ identity, newNode }: ConsensusOptions): Promise<void> {
    const { memberId: member, store } = this;
    // Only who is alone may say that all others are gone: it leads by now.
    if (!this.leads()) return;
    const { nodeId } = identity.node;
    await beginEpoch(store, { member, nodeId, ...(newNode && { node: newNode }) });
  }

  leads(): boolean {
    return this.log.leadership.kind === "leader";
  }

  /** Neither the log nor another manager has said that this member was let go. */
  get takesPart(): boolean {
    const isMember = membersOf(this.log.status.membership).includes(this.memberId);
    return isMember && this.#letGo.by === undefined;
  }

  /** Takes part: what others say is heard from now on, and they are dialled. */
  begin(): void {
    this.transport.deliverTo(this.log);
    this.meetOthers();
  }

  /** Dials members that there are by now, so that an election need not wait for that. */
  meetOthers(): void {
    this.transport.connect(this.roster.others.map(({ memberId }) => memberId));
  }

  /** Takes part no more; what was acknowledged is on the disk. */
  async close(): Promise<void> {
    await this.log.close();
    this.transport.close();
  }

  /** A leader that is to stop hands the lead to another, where there is one. */
  async handOver(): Promise<void> {
    const { log, roster } = this;
    const hasHeir = roster.votersUp.some((member) => member !== this.memberId);
    if (!this.leads() || !hasHeir) return;
    const endMs = this.#clock.nowMs() + HAND_OVER_MS;
    log.giveAwayLead();
    while (this.leads() && this.#clock.nowMs() < endMs) {
      await this.#clock.sleep(HAND_OVER_LOOK_MS, new AbortController().signal);
    }
  }
}

/** @returns the name that this host has among the managers from now on. */
async function enter({ dataDir, enlist, founding }: ConsensusOptions): Promise<MemberFile> {
  const file = founding === undefined ? await enlisted(enlist) : founder(founding);
  await writeMemberFile(dataDir, file);
  return file;
}

function founder({ cluster }: Founding): MemberFile {
  return { memberId: memberName(cluster.epoch, 0), others: [] };
}

async function enlisted(enlist: () => Promise<EnlistResponse>): Promise<MemberFile> {
  const { self, others } = await enlist();
  return { memberId: self.memberId, others: [...others] };
}

function transportOf(
  options: ConsensusOptions,
  self: MemberId,
  roster: Roster,
  letGo: { by?: MemberId },
): RaftTransport {
  const { address, clock, identity, logger, random } = options;
  const part = logger.child({ part: "raft" });
  return new RaftTransport({
    id: self,
    identity,
    clock,
    random: random.fork("raft transport"),
    logger: part,
    addressOf: (member) => roster.addressOf(member),
    ownAddress: () => address() || undefined,
    mayActFor: (node, member) => roster.mayActFor(node, member),
    isRemoved: (member) => roster.isFormer(member),
    onRemoved: (by) => {
      letGo.by = by;
      part.warn({ by }, "another manager says that this one was let go");
    },
  });
}

async function openLog(
  options: ConsensusOptions,
  parts: {
    readonly self: MemberId;
    readonly store: Store;
    readonly transport: RaftTransport;
  },
): Promise<RaftMember> {
  const { clock, dataDir, founding, logger, onFatal, onLeadership, random } = options;
  const { self, store, transport } = parts;
  const stateMachine: StateMachine = {
    apply: (entries) => {
      store.apply(entries);
    },
    snapshot: () => store.snapshot(),
    restore: (chunks) => store.restore(chunks),
    leadershipChanged: (leadership) => {
      store.leadershipChanged(leadership);
      onLeadership(leadership);
    },
  };
  return await RaftMember.open({
    id: self,
    disk: nodeDisk,
    dir: dataDir,
    clock,
    random: random.fork("raft"),
    logger: logger.child({ part: "raft" }),
    stateMachine,
    peers: transport,
    beginning: founding === undefined ? "join" : "found",
    onFatal,
    compaction: () => compactionOf(store.committed.cluster()),
    pace: () => paceOf(store.committed.cluster()),
  });
}

async function found(
  store: Store,
  { cluster, ingress, node }: Founding,
  self: MemberId,
): Promise<void> {
  await store.update((tx) => {
    if (tx.view.cluster() !== undefined) return; // a start after this very step was cut short
    tx.apply({ kind: "create-cluster", cluster });
    if (ingress !== undefined) tx.apply({ kind: "create-network", network: ingress });
    const manager = { memberId: self, address: "" };
    tx.apply({ kind: "create-node", node: { ...node, manager } });
  });
}
