/**
 * A process with one manager's consensus and nothing else: the real log, transport and
 * certificates, and a state machine that only counts. Told what to do by its parent
 * (`member-messages.ts`), and ends with it.
 */
import type { MemberId } from "../../manager/raft/core/member-id.js";
import { nodeDisk } from "../../manager/raft/node-disk.js";
import { RaftMember } from "../../manager/raft/raft-member.js";
import type {
  CommittedEntry,
  Leadership,
  StateMachine,
} from "../../manager/raft/replicated-log.js";
import { RaftTransport } from "../../manager/raft/transport/raft-transport.js";
import { assert } from "../../shared/errors/assert.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { RpcServer } from "../../shared/rpc/rpc-server.js";
import { fixedIdentity } from "../../shared/rpc/tls-identity.js";
import { runLoad } from "./load.js";
import type { LoadOrder, MemberAnswer, MemberOrder, MemberQuestion } from "./member-messages.js";

/** Counts entries and bytes, and mixes their places: equal on two members that agree. */
class Counter implements StateMachine {
  index = 0;
  digest = 0;
  #term = 0;

  apply(entries: readonly CommittedEntry[]): void {
    for (const { index, term, data } of entries) {
      this.index = index;
      this.#term = term;
      this.digest = (Math.imul(this.digest, 31) + index + data.length + (data[0] ?? 0)) | 0;
    }
  }

  snapshot(): ReturnType<StateMachine["snapshot"]> {
    const { index, digest } = this;
    return { index, term: this.#term, chunks: chunksOf({ index, term: this.#term, digest }) };
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      const state = JSON.parse(new TextDecoder().decode(chunk)) as ReturnType<Counter["state"]>;
      [this.index, this.#term, this.digest] = state;
    }
  }

  state(): [number, number, number] {
    return [this.index, this.#term, this.digest];
  }

  leadershipChanged(_leadership: Leadership): void {
    // It does the same whoever leads.
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- chunks are asynchronous by contract
async function* chunksOf(state: {
  readonly index: number;
  readonly term: number;
  readonly digest: number;
}): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(JSON.stringify([state.index, state.term, state.digest]));
}

const counter = new Counter();
let member: RaftMember | undefined;

async function start(order: MemberOrder): Promise<RaftMember> {
  const id = order.id as MemberId;
  const { certificatePem, keyPem, rootPem } = order;
  const identity = fixedIdentity({ certificatePem, keyPem, rootPem });
  const shared = { clock: systemClock, random: systemRandom(), logger: silentLogger };
  const server = new RpcServer({ identity, ...shared });
  const transport = new RaftTransport({
    id,
    identity,
    ...shared,
    addressOf: (other) => order.addresses[other],
    ownAddress: () => order.addresses[id],
    mayActFor: ({ nodeId }, other) => (nodeId as string) === other,
    isRemoved: () => false,
    onRemoved: () => undefined,
  });
  transport.serveOn(server);
  await server.listen({ host: "127.0.0.1", port: order.port });
  const opened = await RaftMember.open({
    id,
    disk: nodeDisk,
    dir: order.folder,
    ...shared,
    stateMachine: counter,
    peers: transport,
    beginning: order.beginning,
    onFatal: (error) => {
      throw error;
    },
  });
  transport.deliverTo(opened);
  return opened;
}

async function load(order: LoadOrder): Promise<MemberAnswer> {
  const leader = present();
  const data = Buffer.alloc(order.entryBytes, 7);
  const figures = await runLoad(order, () => leader.propose(data));
  return { kind: "load", figures };
}

async function answer(question: MemberQuestion): Promise<MemberAnswer> {
  switch (question.kind) {
    case "start":
      member = await start(question);
      return { kind: "done" };
    case "add-voter": {
      const id = question.id as MemberId;
      const changes = [{ kind: "add-voter", id } as const];
      await present().changeMembership({ kind: "change", joint: "if-needed", changes });
      return { kind: "done" };
    }
    case "load":
      return load(question);
    case "status": {
      const { user, system } = process.cpuUsage();
      const cpuMs = (user + system) / 1_000;
      return { kind: "status", applied: counter.index, digest: counter.digest, cpuMs };
    }
  }
}

function present(): RaftMember {
  assert(member !== undefined, "the member is started first");
  return member;
}

process.on("message", (question: MemberQuestion) => {
  void answer(question).then((answered) => process.send?.(answered));
});
process.on("disconnect", () => {
  process.exit();
});
