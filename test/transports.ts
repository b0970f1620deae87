/**
 * Transports of managers without the managers: real certificates and gRPC on the loopback, and
 * what arrives is written down.
 */
import type { MemberId } from "../manager/raft/core/member-id.js";
import type { Message } from "../manager/raft/core/message.js";
import type { PeerListener } from "../manager/raft/peers.js";
import { RaftTransport } from "../manager/raft/transport/raft-transport.js";
import type { NodeId } from "../shared/model/ids.js";
import { silentLogger } from "../shared/ports/logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import { type TestCluster, testCluster } from "./identities.js";
import { Line } from "./line.js";

export type SnapshotMessage = Message & { readonly kind: "snapshot" };

export class Heard implements PeerListener {
  readonly messages: Message[] = [];
  readonly unreachables: MemberId[] = [];
  /** What is done with a snapshot. */
  takeSnapshot: (message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>) => Promise<void> =
    () => Promise.reject(new Error("no snapshot was expected"));

  received(message: Message): void {
    this.messages.push(message);
  }

  receivedSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.takeSnapshot(message, chunks);
  }

  unreachable(id: MemberId): void {
    this.unreachables.push(id);
  }
}

export interface Station {
  readonly id: MemberId;
  readonly heard: Heard;
  readonly transport: RaftTransport;
  readonly server: RpcServer;
  readonly port: number;
  /** The only way to it that the others know. */
  line: Line;
}

export class Stations {
  readonly cluster: TestCluster;
  readonly removed = new Set<MemberId>();
  readonly toldRemoved: { readonly member: MemberId; readonly by: MemberId }[] = [];
  /** As the log would tell. */
  readonly addresses = new Map<MemberId, string>();
  readonly #running: Station[] = [];
  readonly #lines: Line[] = [];

  static async create(): Promise<Stations> {
    return new Stations(await testCluster());
  }

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  async start(name: string): Promise<Station> {
    const id = name as MemberId;
    const { identity } = await this.cluster.certify("manager", { nodeId: name as NodeId });
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
      onRemoved: (by) => this.toldRemoved.push({ member: id, by }),
    });
    transport.serveOn(server);
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    const line = await Line.to(port);
    this.addresses.set(id, line.address);
    const heard = new Heard();
    transport.deliverTo(heard);
    const station = { id, heard, transport, server, port, line };
    this.#running.push(station);
    return station;
  }

  /** Another address; the old one stays as it is. */
  async relocate(station: Station): Promise<Line> {
    this.#lines.push(station.line);
    station.line = await Line.to(station.port);
    this.addresses.set(station.id, station.line.address);
    return station.line;
  }

  stop({ transport, server, line }: Station): void {
    transport.close();
    server.close();
    line.close();
  }

  close(): void {
    for (const line of this.#lines.splice(0)) line.close();
    for (const station of this.#running.splice(0)) this.stop(station);
  }
}
