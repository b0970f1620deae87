/** The commands of the published traces, each on the cluster of its file. */
import type { MemberId } from "../../manager/raft/core/member-id.js";
import {
  type Membership,
  type MembershipChange,
  NO_MEMBERS,
} from "../../manager/raft/core/membership.js";
import type { SnapshotId } from "../../manager/raft/core/message.js";
import type { Random } from "../../shared/ports/random.js";
import type { Case } from "./data-driven.js";
import { describeProgress, indent, markOldStyle, stateName } from "./describe-trace.js";
import { parseChanges } from "./member-changes.js";
import { EMPTY_SNAPSHOT, TraceCluster, type TraceMember } from "./trace-cluster.js";

const ELECTION_TICKS = 3;
const HEARTBEAT_TICKS = 1;
const DROPPED = "raft proposal dropped";

export class Trace {
  readonly #cluster = new TraceCluster();
  readonly #timeouts: ReadonlyMap<string, number>;
  #quiet = false;

  /**
   * @param cases the whole file: a trace sets an election timeout after it was drawn, and here it
   *   is drawn so.
   */
  constructor(cases: readonly Case[]) {
    const set = cases.filter(({ command }) => command === "set-randomized-election-timeout");
    this.#timeouts = new Map(
      set.map(({ positional, options }) => [
        positional[0] ?? "",
        Number(options.get("timeout")?.[0]),
      ]),
    );
  }

  /** @returns what the command printed; empty where it has nothing to say. */
  run(vector: Case): string {
    const { command, positional, options } = vector;
    if (command === "log-level") {
      this.#quiet = positional[0]?.toLowerCase() === "none";
      return "";
    }
    const before = this.#quiet;
    const level = options.get("log-level")?.[0];
    if (level !== undefined) this.#quiet = level.toLowerCase() === "none";
    const output = this.#run(vector);
    // Errors are told at any level.
    const shown = this.#quiet && output !== DROPPED ? "" : output;
    this.#quiet = before;
    return shown;
  }

  #run(vector: Case): string {
    const { command, positional } = vector;
    const cluster = this.#cluster;
    switch (command) {
      case "add-nodes":
        return this.#addNodes(vector);
      case "campaign":
        this.#first(vector).node.campaign();
        return "";
      case "compact":
        // The traces name the first entry to keep less one, as their storage does.
        cluster.compact(this.#first(vector), Number(positional[1]));
        return cluster.log(this.#first(vector));
      case "deliver-msgs":
        return this.#deliver(vector);
      case "forget-leader":
        this.#first(vector).node.forgetLeader();
        return "";
      case "process-ready":
        return this.#each(vector, "handling Ready", (member) => cluster.processReady(member));
      case "process-append-thread":
        return this.#each(vector, "processing append thread", (one) => cluster.processAppend(one));
      case "process-apply-thread":
        return this.#each(vector, "processing apply thread", (one) => cluster.processApply(one));
      case "propose":
        return this.#propose(vector);
      case "propose-conf-change":
        return this.#proposeChange(vector);
      case "raft-log":
        return cluster.log(this.#first(vector));
      case "raft-state":
        return this.#states();
      case "report-unreachable":
        this.#first(vector).node.unreachable(positional[1] as MemberId);
        return "";
      case "send-snapshot":
        return this.#sendSnapshot(vector);
      case "set-randomized-election-timeout":
        return "";
      case "stabilize":
        return this.#stabilize(positional);
      case "status":
        return describeProgress(this.#first(vector).node.status.progress, "as-it-is");
      case "tick-election":
        return tick(this.#first(vector), ELECTION_TICKS);
      case "tick-heartbeat":
        return tick(this.#first(vector), HEARTBEAT_TICKS);
      case "transfer-leadership":
        return this.#transfer(vector);
      default:
        throw new Error(`no such command: ${command}`);
    }
  }

  #first({ positional }: Case): TraceMember {
    return this.#cluster.member(positional[0] ?? "");
  }

  #each({ positional }: Case, title: string, act: (member: TraceMember) => string): string {
    const members = positional.map((id) => this.#cluster.member(id));
    if (members.length === 1) return members.map(act).join("\n");
    return members.map((member) => `> ${member.id} ${title}\n${indent(act(member))}`).join("\n");
  }

  #addNodes({ positional, options }: Case): string {
    const flag = (name: string): boolean => options.get(name)?.[0] === "true";
    const count = Number(positional[0]);
    const checkQuorum = flag("checkquorum");
    const variant = {
      preVote: flag("prevote"),
      checkQuorum,
      stepDownOnRemoval: flag("step-down-on-removal"),
      sealChanges: false,
      checkChanges: !flag("disable-conf-change-validation"),
    };
    const inFlight = Number(options.get("inflight")?.[0] ?? Infinity);
    for (let i = 0; i < count; i++) {
      const id = String(this.#cluster.members.size + 1) as MemberId;
      this.#cluster.add({
        id,
        electionTicks: ELECTION_TICKS,
        heartbeatTicks: HEARTBEAT_TICKS,
        random: always((this.#timeouts.get(id) ?? 2 * ELECTION_TICKS - 1) - ELECTION_TICKS),
        variant,
        limits: {
          messageBytes: Infinity,
          uncommittedBytes: Infinity,
          inFlight: { messages: inFlight, bytes: Infinity },
        },
        snapshot: snapshotOf(options),
        storage: flag("async-storage-writes") ? "async" : "sync",
        applyBytes: Number(options.get("max-committed-size-per-ready")?.[0] ?? Infinity),
      });
    }
    return "";
  }

  #deliver({ positional, options }: Case): string {
    const kind = options.get("type")?.[0];
    const lines = [
      ...positional.flatMap((id) => this.#cluster.deliver(id, "deliver", kind)),
      ...(options.get("drop") ?? []).flatMap((id) => this.#cluster.deliver(id, "drop", kind)),
    ];
    return lines.length === 0 ? "no messages" : lines.join("\n");
  }

  #propose(vector: Case): string {
    const text = vector.positional[1] ?? "";
    const proposal = { kind: "data", data: new TextEncoder().encode(text) } as const;
    const { kind } = this.#first(vector).node.propose([proposal]);
    return kind === "refused" ? DROPPED : "";
  }

  #proposeChange(vector: Case): string {
    const { options, input } = vector;
    const transition = options.get("transition")?.[0] ?? "auto";
    const changes = parseChanges(input);
    const joint = {
      auto: "if-needed",
      implicit: "leave-automatically",
      explicit: "leave-on-request",
    }[transition] as "if-needed" | "leave-automatically" | "leave-on-request";
    const leaves = changes.length === 0 && transition === "auto";
    const change: MembershipChange = leaves
      ? { kind: "leave-joint" }
      : { kind: "change", changes, joint };
    if (options.get("v1")?.[0] === "true") markOldStyle(change);
    const outcome = this.#first(vector).node.propose([{ kind: "membership", change }]);
    return outcome.kind === "refused" ? DROPPED : "";
  }

  #sendSnapshot({ positional }: Case): string {
    const [from = "", to = ""] = positional;
    const { node, snapshots } = this.#cluster.member(from);
    const snapshot = snapshots.at(-1) ?? EMPTY_SNAPSHOT;
    const ends = { from: from as MemberId, to: to as MemberId };
    return this.#cluster.send({ kind: "snapshot", snapshot, ...ends, term: node.status.term });
  }

  #transfer({ options }: Case): string {
    const from = this.#cluster.member(options.get("from")?.[0] ?? "");
    from.node.transferLead((options.get("to")?.[0] ?? "") as MemberId);
    return "";
  }

  #states(): string {
    return [...this.#cluster.members.values()]
      .map(({ id, node }) => {
        const { role, membership, term, leader } = node.status;
        const votes = [...membership.voters, ...membership.outgoing].includes(id);
        const kind = votes ? "(Voter)" : "(Non-Voter)";
        return `${id}: ${stateName(role)} ${kind} Term:${term} Lead:${leader ?? 0}`;
      })
      .join("\n");
  }

  #stabilize(ids: readonly string[]): string {
    const cluster = this.#cluster;
    const members =
      ids.length === 0 ? [...cluster.members.values()] : ids.map((id) => cluster.member(id));
    const lines: string[] = [];
    const tell = ({ id }: TraceMember, title: string, texts: readonly string[]): void => {
      lines.push(`> ${id} ${title}`, ...texts.map(indent));
    };
    for (let before = -1; before !== lines.length;) {
      before = lines.length;
      for (const member of members) {
        if (member.node.hasReady) tell(member, "handling Ready", [cluster.processReady(member)]);
      }
      for (const member of members) {
        if (!cluster.hasMessagesFor(member.id)) continue;
        tell(member, "receiving messages", cluster.deliver(member.id, "deliver"));
      }
      for (const member of members) {
        const texts = drain(member.appendWork, () => cluster.processAppend(member));
        if (texts.length > 0) tell(member, "processing append thread", texts);
      }
      for (const member of members) {
        const texts = drain(member.applyWork, () => cluster.processApply(member));
        if (texts.length > 0) tell(member, "processing apply thread", texts);
      }
    }
    return lines.join("\n");
  }
}

function drain(work: readonly unknown[], next: () => string): string[] {
  const texts: string[] = [];
  while (work.length > 0) texts.push(next());
  return texts;
}

function tick({ node }: TraceMember, times: number): string {
  for (let i = 0; i < times; i++) node.tick();
  return "";
}

function snapshotOf(options: Case["options"]): SnapshotId {
  const index = Number(options.get("index")?.[0] ?? 0);
  const ids = (name: string): MemberId[] => (options.get(name) ?? []) as MemberId[];
  const membership: Membership = {
    ...NO_MEMBERS,
    voters: ids("voters"),
    learners: ids("learners"),
  };
  return index === 0 ? { ...EMPTY_SNAPSHOT, membership } : { term: 1, index, membership };
}

/** Draws the same number for ever. */
function always(number: number): Random {
  return { below: () => number, fork: () => always(number) };
}
