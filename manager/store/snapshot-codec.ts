/**
 * A snapshot of the state as a stream of bytes: a header, then every object, each in a
 * length-delimited frame. Values in the tables are never changed, only replaced: the list of
 * them that is taken at the beginning is the frozen state, and what `apply` replaces
 * meanwhile lives on in it alone.
 */
import { UnimplementedError } from "../../shared/errors/cluster-error.js";
import { messageType } from "../../shared/rpc/protos.js";
import {
  attachmentFromWire,
  attachmentToWire,
  type WireAttachment,
} from "../../shared/rpc/wire/attachment.js";
import { clusterFromWire, clusterToWire, type WireCluster } from "../../shared/rpc/wire/cluster.js";
import { fromUint64, isSet, type WireUint64 } from "../../shared/rpc/wire/fields.js";
import { networkFromWire, networkToWire, type WireNetwork } from "../../shared/rpc/wire/network.js";
import { nodeFromWire, nodeToWire, type WireNode } from "../../shared/rpc/wire/node.js";
import {
  revisionFromWire,
  revisionToWire,
  serviceFromWire,
  serviceToWire,
  type WireRevision,
  type WireService,
} from "../../shared/rpc/wire/service.js";
import { taskFromWire, taskToWire, type WireTask } from "../../shared/rpc/wire/task.js";
import type { Replica } from "./core/replica.js";
import { DamagedSnapshotError, frameChunks, FrameReader } from "./frames.js";
import { requestFromWire, requestToWire, type WireRequestOutcome } from "./request-codec.js";

/** Written into every snapshot; one of a later format is refused. */
const SNAPSHOT_FORMAT = 1;

interface WireSnapshotItem {
  header?: WireSnapshotHeader | null;
  cluster?: WireCluster | null;
  node?: WireNode | null;
  network?: WireNetwork | null;
  service?: WireService | null;
  revision?: WireRevision | null;
  task?: WireTask | null;
  attachment?: WireAttachment | null;
  request?: WireRequestOutcome | null;
}

interface WireSnapshotHeader {
  format: number;
  sequence: WireUint64;
  stateHash: string;
  index: WireUint64;
  term: WireUint64;
}

const itemType = messageType<WireSnapshotItem>("skep.state.v1.SnapshotItem");

/** How far the log is applied. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

/** Freezes the state now; encodes it while the chunks are read. */
export function writeSnapshot(replica: Replica, at: LogPosition): AsyncIterable<Uint8Array> {
  const { tables, requests, hash } = replica;
  const { cluster, nodes, networks, services, revisions, tasks, attachments } = tables.parts;
  const header: WireSnapshotHeader = {
    format: SNAPSHOT_FORMAT,
    sequence: tables.sequence,
    stateHash: hash.text(),
    index: at.index,
    term: at.term,
  };
  const frozen = {
    clusters: [...cluster.values()],
    nodes: [...nodes.values()],
    networks: [...networks.values()],
    services: [...services.values()],
    revisions: [...revisions.values()],
    tasks: [...tasks.values()],
    attachments: [...attachments.values()],
    requests: [...requests.values()],
  };
  function* items(): Iterable<WireSnapshotItem> {
    yield { header };
    for (const one of frozen.clusters) yield { cluster: clusterToWire(one) };
    for (const one of frozen.nodes) yield { node: nodeToWire(one) };
    for (const one of frozen.networks) yield { network: networkToWire(one) };
    for (const one of frozen.services) yield { service: serviceToWire(one) };
    for (const all of frozen.revisions)
      for (const one of all) yield { revision: revisionToWire(one) };
    for (const one of frozen.tasks) yield { task: taskToWire(one) };
    for (const one of frozen.attachments) yield { attachment: attachmentToWire(one) };
    for (const one of frozen.requests) yield { request: requestToWire(one) };
  }
  return frameChunks(items(), itemType);
}

/**
 * Fills an empty replica from a snapshot.
 * @throws DamagedSnapshotError it is cut off, or what it holds is not what its header says.
 * @throws UnimplementedError a later release wrote it.
 */
export async function readSnapshot(
  replica: Replica,
  chunks: AsyncIterable<Uint8Array>,
): Promise<LogPosition> {
  const reader = new FrameReader(itemType);
  let header: WireSnapshotHeader | undefined;
  for await (const chunk of chunks) {
    for (const item of reader.read(chunk)) {
      if (header === undefined) header = checkHeader(item);
      else load(replica, item);
    }
  }
  reader.expectEnd();
  if (header === undefined) throw new DamagedSnapshotError("it is empty");
  const hash = replica.hash.text();
  if (hash !== header.stateHash)
    throw new DamagedSnapshotError(
      `its state has hash ${hash}, its header says ${header.stateHash}`,
    );
  replica.tables.advanceTo(fromUint64(header.sequence));
  return { index: fromUint64(header.index), term: fromUint64(header.term) };
}

function checkHeader({ header }: WireSnapshotItem): WireSnapshotHeader {
  if (!isSet(header)) throw new DamagedSnapshotError("it has no header");
  if (header.format > SNAPSHOT_FORMAT)
    throw new UnimplementedError(
      `the snapshot has format ${header.format}, this release reads up to ${SNAPSHOT_FORMAT}: update this manager`,
    );
  return header;
}

function load({ tables, requests, hash }: Replica, item: WireSnapshotItem): void {
  if (isSet(item.task)) {
    const task = taskFromWire(item.task);
    expectNew(tables.task(task.id));
    tables.setTask(task.id, undefined, task);
    hash.note([{ type: "task", after: task }]);
  } else if (isSet(item.request)) {
    const request = requestFromWire(item.request);
    hash.noteRequest(request, requests.add(request));
  } else if (isSet(item.revision)) {
    const revision = revisionFromWire(item.revision);
    expectNew(tables.revision(revision.serviceId, revision.number));
    tables.setRevision(revision.serviceId, revision.number, revision);
    hash.note([{ type: "revision", after: revision }]);
  } else if (isSet(item.service)) {
    const service = serviceFromWire(item.service);
    expectNew(tables.service(service.id));
    tables.setService(service.id, undefined, service);
    hash.note([{ type: "service", after: service }]);
  } else if (isSet(item.node)) {
    const node = nodeFromWire(item.node);
    expectNew(tables.node(node.id));
    tables.setNode(node.id, undefined, node);
    hash.note([{ type: "node", after: node }]);
  } else if (isSet(item.network)) {
    const network = networkFromWire(item.network);
    expectNew(tables.network(network.id));
    tables.setNetwork(network.id, undefined, network);
    hash.note([{ type: "network", after: network }]);
  } else if (isSet(item.attachment)) {
    const attachment = attachmentFromWire(item.attachment);
    expectNew(tables.attachment(attachment.id));
    tables.setAttachment(attachment.id, undefined, attachment);
    hash.note([{ type: "attachment", after: attachment }]);
  } else if (isSet(item.cluster)) {
    const cluster = clusterFromWire(item.cluster);
    tables.setCluster(undefined, cluster);
    hash.note([{ type: "cluster", after: cluster }]);
  } else throw new DamagedSnapshotError("it holds an object of no known kind");
}

function expectNew(present: object | undefined): void {
  if (present !== undefined) throw new DamagedSnapshotError("it holds an object twice");
}
