/**
 * Managers that agree on a log, as they run in a cluster: real certificates, gRPC on the loopback,
 * and disks in a folder of their own. Only time is the test's: elections are as short as a busy
 * machine allows.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { MemberId } from "../manager/raft/core/member-id.js";
import { nodeDisk } from "../manager/raft/node-disk.js";
import { RaftMember } from "../manager/raft/raft-member.js";
import type { RaftMemberOptions } from "../manager/raft/raft-options.js";
import { RaftTransport } from "../manager/raft/transport/raft-transport.js";
import type { NodeId } from "../shared/model/ids.js";
import { silentLogger } from "../shared/ports/logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import type { IdentitySource } from "../shared/rpc/tls-identity.js";
import { type TestCluster, testCluster } from "./identities.js";
import { Journal } from "./sim/journal.js";

/** One manager's parts, while it runs. */
export interface RunningMember {
  readonly id: MemberId;
  readonly journal: Journal;
  readonly member: RaftMember;
  readonly transport: RaftTransport;
  readonly server: RpcServer;
  readonly port: number;
}

/** What a test may want otherwise. */
export type MemberVariant = Partial<
  Pick<RaftMemberOptions, "compaction" | "ticks" | "stateMachine">
>;

export class RaftMembers {
  readonly cluster: TestCluster;
  readonly dir: string;
  readonly running = new Map<MemberId, RunningMember>();
  /** As the cluster's log would tell. */
  readonly addresses = new Map<MemberId, string>();
  readonly removed = new Set<MemberId>();
  /** Who was told that it is one of those. */
  readonly toldRemoved: MemberId[] = [];
  readonly fatal: unknown[] = [];
  readonly #identities = new Map<MemberId, IdentitySource>();

  static async create(): Promise<RaftMembers> {
    const dir = await mkdtemp(join(tmpdir(), "skep-raft-"));
    return new RaftMembers(await testCluster(), dir);
  }

  private constructor(cluster: TestCluster, dir: string) {
    this.cluster = cluster;
    this.dir = dir;
  }

  /** Three voters, of whom the first leads. */
  async found(ids: readonly MemberId[]): Promise<RunningMember> {
    const [first, ...others] = ids;
    const leader = await this.start(first as MemberId, { beginning: "found" });
    for (const id of others) {
      await this.start(id, { beginning: "join" });
      await leader.member.changeMembership({
        kind: "change",
        joint: "if-needed",
        changes: [{ kind: "add-voter", id }],
      });
    }
    return leader;
  }

  /** Starts a member, or starts it again: its disk is where it was. */
  async start(
    id: MemberId,
    options: MemberVariant & { readonly beginning: "found" | "join" },
  ): Promise<RunningMember> {
    const identity = await this.identityOf(id);
    const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
    const transport = new RaftTransport({
      id,
      identity,
      clock: systemClock,
      random: systemRandom(),
      logger: silentLogger,
      addressOf: (member) => this.addresses.get(member),
      ownAddress: () => this.addresses.get(id),
      mayActFor: ({ nodeId }, member) => (nodeId as string) === member,
      isRemoved: (member) => this.removed.has(member),
      onRemoved: () => this.toldRemoved.push(id),
    });
    transport.serveOn(server);
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    this.addresses.set(id, `127.0.0.1:${port}`);
    const journal = new Journal();
    const member = await RaftMember.open({
      id,
      disk: nodeDisk,
      dir: join(this.dir, id),
      clock: systemClock,
      random: systemRandom(),
      logger: silentLogger,
      stateMachine: journal,
      peers: transport,
      onFatal: (error) => this.fatal.push(error),
      ...options,
    });
    transport.deliverTo(member);
    const running = { id, journal, member, transport, server, port };
    this.running.set(id, running);
    return running;
  }

  /** As if its process had ended, but for what is on its way to the disk. */
  async stop(id: MemberId): Promise<void> {
    const running = this.running.get(id);
    if (running === undefined) return;
    this.running.delete(id);
    running.transport.close();
    running.server.close();
    await running.member.close();
  }

  async identityOf(id: MemberId): Promise<IdentitySource> {
    const known = this.#identities.get(id);
    if (known !== undefined) return known;
    const { identity } = await this.cluster.certify("manager", { nodeId: id as string as NodeId });
    this.#identities.set(id, identity);
    return identity;
  }

  get leader(): RunningMember | undefined {
    return [...this.running.values()].find(({ member }) => member.leadership.kind === "leader");
  }

  async close(): Promise<void> {
    for (const id of [...this.running.keys()]) await this.stop(id);
    await rm(this.dir, { recursive: true, force: true });
  }
}
