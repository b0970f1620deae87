/**
 * The cluster of the published traces: members without clock, network or disk, every step told by
 * the trace. In `sync` storage a member writes and applies at once when its turn comes; in `async`
 * storage both are steps of their own.
 */
import type { MemberId } from "../../manager/raft/core/member-id.js";
import { NO_MEMBERS } from "../../manager/raft/core/membership.js";
import type { Entry, EntryId, Message, SnapshotId } from "../../manager/raft/core/message.js";
import { RaftNode, type RaftOptions } from "../../manager/raft/core/node.js";
import type { Write } from "../../manager/raft/core/ready.js";
import {
  describeEntry,
  describeMessage,
  describeReady,
  describeWithoutResponses,
  responsesOf,
  type TraceMessage,
} from "./describe-trace.js";

export interface TraceMember {
  readonly id: MemberId;
  readonly node: RaftNode;
  readonly storage: "sync" | "async";
  readonly electionTicks: number;
  /** What is durable, as the traces print it. */
  base: EntryId;
  entries: Entry[];
  /** The newest last. */
  readonly snapshots: SnapshotId[];
  appendWork: TraceMessage[];
  applyWork: TraceMessage[];
}

export type MemberOptions = Pick<
  RaftOptions,
  "electionTicks" | "heartbeatTicks" | "random" | "variant" | "limits"
> & {
  readonly id: MemberId;
  readonly snapshot: SnapshotId;
  readonly storage: "sync" | "async";
  readonly applyBytes: number;
};

export class TraceCluster {
  readonly members = new Map<MemberId, TraceMember>();
  #messages: TraceMessage[] = [];

  add({ snapshot, storage, applyBytes, ...settings }: MemberOptions): void {
    const { term, index } = snapshot;
    const snapshots = [snapshot];
    const node = new RaftNode({
      ...settings,
      latestSnapshot: () => snapshots.at(-1),
      apply: { upTo: storage === "sync" ? "committed" : "durable", bytes: applyBytes },
      stored: {
        base: { term, index },
        entries: [],
        commitIndex: index,
        appliedIndex: index,
        hardState: { term: 0, vote: undefined },
        membership: snapshot.membership,
      },
    });
    const { id, electionTicks } = settings;
    const rest = { base: { term, index }, entries: [], snapshots, appendWork: [], applyWork: [] };
    this.members.set(id, { id, node, storage, electionTicks, ...rest });
  }

  member(id: string): TraceMember {
    const member = this.members.get(id as MemberId);
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  send(message: Message): string {
    const traced = { kind: "peer", message } as const;
    this.#messages.push(traced);
    return describeMessage(traced);
  }

  processReady(member: TraceMember): string {
    const ready = member.node.takeReady();
    const { write, apply } = ready;
    const sent = ready.messages.map((message) => ({ kind: "peer", message }) as const);
    if (member.storage === "async") {
      const work: TraceMessage[] = [...sent];
      if (write !== undefined) work.push({ kind: "append", from: member.id, write });
      if (apply.length > 0) work.push({ kind: "apply", from: member.id, entries: apply });
      this.#messages.push(...sent);
      member.appendWork.push(...work.filter(({ kind }) => kind === "append"));
      member.applyWork.push(...work.filter(({ kind }) => kind === "apply"));
      return describeReady(ready, work);
    }
    const then = (write?.then ?? []).map((message) => ({ kind: "peer", message }) as const);
    const toOthers = then.filter(({ message }) => message.to !== member.id);
    if (write !== undefined) store(member, write);
    applyTo(member, apply);
    this.#messages.push(...sent, ...toOthers);
    const described = describeReady(ready, [...sent, ...toOthers]);
    for (const { message } of then) if (message.to === member.id) member.node.step(message);
    if (write?.receipt !== undefined) member.node.written(write.receipt);
    member.node.applied(apply);
    return described;
  }

  processAppend(member: TraceMember): string {
    const work = member.appendWork.shift();
    if (work?.kind !== "append") return "no append work to perform";
    store(member, work.write);
    return this.#done(work);
  }

  processApply(member: TraceMember): string {
    const work = member.applyWork.shift();
    if (work?.kind !== "apply") return "no apply work to perform";
    applyTo(member, work.entries);
    return this.#done(work);
  }

  /** @returns a line for each message that was delivered or dropped. */
  deliver(to: string, what: "deliver" | "drop", ofKind?: string): string[] {
    const matches = (traced: TraceMessage): boolean =>
      recipientOf(traced) === to &&
      !(what === "drop" && isLocal(traced)) &&
      (ofKind === undefined || describeMessage(traced).split(" ")[1] === ofKind);
    const taken = this.#messages.filter(matches);
    this.#messages = this.#messages.filter((traced) => !matches(traced));
    return taken.flatMap((traced) => {
      const described = describeMessage(traced);
      if (what === "drop") return [`dropped: ${described}`];
      return [described, ...deliverTo(this.member(to).node, traced)];
    });
  }

  hasMessagesFor(id: MemberId): boolean {
    return this.#messages.some((traced) => recipientOf(traced) === id);
  }

  log(member: TraceMember): string {
    const first = member.base.index + 1;
    if (member.entries.length === 0) {
      return `log is empty: first index=${first}, last index=${first - 1}`;
    }
    return member.entries.map(describeEntry).join("\n");
  }

  compact(member: TraceMember, index: number): void {
    member.node.compact(index);
    const last = member.entries[index - member.base.index - 1];
    if (last === undefined) throw new Error(`entry ${index} is not in the log`);
    member.entries = member.entries.slice(index - member.base.index);
    member.base = { term: last.term, index };
  }

  #done(work: TraceMessage): string {
    const responses = responsesOf(work);
    this.#messages.push(...responses);
    const lines = ["Processing:", describeWithoutResponses(work), "Responses:"];
    return [...lines, ...responses.map(describeMessage)].join("\n");
  }
}

export const EMPTY_SNAPSHOT: SnapshotId = { term: 0, index: 0, membership: NO_MEMBERS };

function store(member: TraceMember, { entries, snapshot }: Write): void {
  if (snapshot !== undefined) {
    member.base = { term: snapshot.term, index: snapshot.index };
    member.entries = [];
    member.snapshots.push(snapshot);
  }
  const first = entries[0];
  if (first === undefined) return;
  member.entries = [...member.entries.slice(0, first.index - member.base.index - 1), ...entries];
}

function applyTo(member: TraceMember, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.kind === "membership") member.node.applyMembership(entry.change);
    const { term, index } = entry;
    member.snapshots.push({ term, index, membership: member.node.status.membership });
  }
}

function deliverTo(node: RaftNode, traced: TraceMessage): string[] {
  switch (traced.kind) {
    case "peer":
      return node.step(traced.message) === "unknown-member"
        ? ["raft: cannot step as peer not found"]
        : [];
    case "appended":
      node.written(traced.receipt);
      return [];
    case "applied":
      node.applied(traced.entries);
      return [];
    case "append":
    case "apply":
      throw new Error("storage work is not delivered");
  }
}

function recipientOf(traced: TraceMessage): string | undefined {
  if (traced.kind === "peer") return traced.message.to;
  return traced.kind === "appended" || traced.kind === "applied" ? traced.to : undefined;
}

/** Between a member and itself nothing gets lost. */
function isLocal(traced: TraceMessage): boolean {
  return traced.kind !== "peer" || traced.message.from === traced.message.to;
}
