/**
 * Managers that agree on a log, in simulated time: the real consensus, driver and log file on
 * simulated disks, between them a simulated network. What happens follows from the plan alone.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import {
  changedMembership,
  type Membership,
  type MembershipChange,
  MembershipChangeError,
  membersOf,
  NO_MEMBERS,
} from "../../../manager/raft/core/membership.js";
import {
  membershipFromText,
  membershipToText,
} from "../../../manager/raft/core/membership-text.js";
import type { RaftMember } from "../../../manager/raft/raft-member.js";
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import { Clients } from "./clients.js";
import { Facts } from "./facts.js";
import { Network } from "./network.js";
import type { Plan } from "./plan.js";
import { SimHost } from "./sim-host.js";
import { Timeline } from "./timeline.js";
import { type Trace, traceOf } from "./trace.js";

/** More hosts than this tell nothing new, and cost time. */
export const MAX_HOSTS = 9;
/** Founded by one manager: when the others are taken in. */
const JOIN_AT_MS = 60;
const JOIN_AGAIN_MS = 300;

export class SimCluster {
  readonly world = new Timeline();
  readonly random: Random;
  readonly network: Network;
  readonly facts = new Facts();
  readonly trace: Trace;
  readonly plan: Plan;
  readonly hosts: SimHost[] = [];
  readonly clients: Clients;
  /** Called when a host has applied a change of the membership. */
  readonly onChange = new Set<(host: SimHost) => void>();
  readonly #touched = new Set<SimHost>();

  constructor(plan: Plan, tell: ((line: string) => void) | undefined) {
    this.plan = plan;
    this.random = seededRandom(`raft ${plan.seed}`);
    this.trace = traceOf(this.world, tell);
    this.network = new Network(this.world, this.random.fork("network"));
    this.clients = new Clients(this, this.random.fork("clients"));
  }

  /** The first manager founds the cluster and takes in the others. */
  found(): void {
    this.network.weather = this.plan.weather;
    const first = this.addHost("found");
    first.start();
    // The entry that the log of a new cluster begins with.
    const alone = membershipToText({ ...NO_MEMBERS, voters: [first.id] });
    this.facts.membershipChanged(first.id, 1, alone);
    const others = Array.from({ length: this.plan.managers - 1 }, () => this.addHost("join"));
    for (const host of others) host.start();
    if (others.length === 0) return;
    const changes = others.map(({ id }) => ({ kind: "add-voter", id }) as const);
    const change: MembershipChange = { kind: "change", changes, joint: "if-needed" };
    const takeIn = (): void => {
      if (membersOf(this.membership).length > 1) return;
      this.propose(change);
      this.world.after(JOIN_AGAIN_MS, takeIn);
    };
    this.world.after(JOIN_AT_MS, takeIn);
  }

  /** Lets time pass, and looks after every step whether everything still holds. */
  run(untilMs: number, isEnough: () => boolean = () => false): Promise<"ended" | "time is up"> {
    return this.world.run(untilMs, () => {
      for (const host of this.#touched) host.check(this.facts);
      this.#touched.clear();
      return this.facts.violation === undefined && !isEnough();
    });
  }

  addHost(beginning: "found" | "join"): SimHost {
    const id = `m${this.hosts.length + 1}` as MemberId;
    const { world, network, facts, trace, plan } = this;
    const host = new SimHost({
      id,
      beginning,
      world,
      network,
      facts,
      trace,
      settings: plan.settings,
      random: this.random.fork(id),
      onRun: (touched) => this.#touched.add(touched),
      onChange: (changed) => {
        for (const onChange of [...this.onChange]) onChange(changed);
      },
    });
    this.hosts.push(host);
    return host;
  }

  /** The newest that anybody knows of. */
  get membership(): Membership {
    return this.recentMemberships.at(-1) ?? NO_MEMBERS;
  }

  /**
   * The newest, and the one before: until the next entry, a crash may make all forget that the
   * newest is committed. So both must be able to go on.
   */
  get recentMemberships(): readonly Membership[] {
    return this.facts.newestMemberships(2).map(membershipFromText);
  }

  host(id: MemberId): SimHost | undefined {
    return this.hosts.find((host) => host.id === id);
  }

  /** Who believes to lead, the newest term first. */
  get leaders(): SimHost[] {
    return this.hosts
      .filter(({ member }) => member?.leadership.kind === "leader")
      .sort((a, b) => termOf(b) - termOf(a));
  }

  /** Asks whoever leads to change the membership, if that leaves a majority that can be reached. */
  propose(change: MembershipChange, onDone?: () => void): void {
    const [leader] = this.leaders;
    if (leader === undefined || !this.#mayPropose(change)) return;
    this.trace.say(`${leader.id} is asked for ${JSON.stringify(change)}`);
    this.clients.changeMembership(leader, change, onDone);
  }

  /** Whether a majority of `voters` is sure to come back. */
  hasMajority(voters: readonly MemberId[]): boolean {
    const alive = voters.filter((id) => this.host(id)?.isDoubtful === false);
    return voters.length === 0 || alive.length > voters.length / 2;
  }

  #mayPropose(change: MembershipChange): boolean {
    try {
      const { voters, outgoing } = changedMembership(this.membership, change);
      return this.hasMajority(voters) && this.hasMajority(outgoing);
    } catch (error) {
      if (error instanceof MembershipChangeError) return false;
      throw error;
    }
  }
}

function termOf({ member }: { readonly member: RaftMember | undefined }): number {
  return member?.leadership.term ?? 0;
}
