/**
 * The call that carries a snapshot to another manager (`proto/raft.proto`): `begin`, pieces, `end`
 * up; how much is there down.
 */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { messageType } from "../../../shared/rpc/protos.js";
import type { Codec, StreamMethod } from "../../../shared/rpc/rpc-method.js";
import { fromUint64, isSet, type WireUint64 } from "../../../shared/rpc/wire/fields.js";
import { ProtoWriter } from "../../../shared/rpc/wire/proto-writer.js";
import type { Message } from "../core/message.js";
import { readMessage, type WireMessage } from "./message-reader.js";
import { writeMessage } from "./message-writer.js";
import { type Hello, readHello, type WireHello, writeHello } from "./raft-rpc.js";

export type SnapshotMessage = Message & { readonly kind: "snapshot" };

/** A chunk of the snapshot, or a part of one: chunks are cut, never joined. */
export interface Piece {
  readonly data: Uint8Array;
  readonly endsChunk: boolean;
}

export interface SnapshotBegin {
  readonly kind: "begin";
  readonly hello: Hello;
  /** Names this transfer: a call with the same name goes on with it. */
  readonly transfer: string;
  readonly message: SnapshotMessage;
}

export interface SnapshotEnd {
  readonly kind: "end";
  readonly pieces: number;
  /** CRC-32C of all data. */
  readonly checksum: number;
}

export type SnapshotPart =
  SnapshotBegin | { readonly kind: "piece"; readonly piece: Piece } | SnapshotEnd;

export type SnapshotReply =
  /** So many pieces need not be sent again. */
  | { readonly kind: "have"; readonly pieces: number }
  /** All of it is durable. */
  | { readonly kind: "done" };

export const SNAPSHOT: StreamMethod<SnapshotPart, SnapshotReply> = {
  kind: "stream",
  path: "/skep.raft.v1.Raft/Snapshot",
  callers: ["manager"],
  request: partCodec(),
  response: replyCodec(),
};

interface WireBegin {
  hello: WireHello | null;
  transfer: string;
  message: WireMessage | null;
}

interface WirePart {
  begin: WireBegin | null;
  piece: Piece | null;
  end: { pieces: WireUint64; checksum: number } | null;
}

function partCodec(): Codec<SnapshotPart> {
  const wireType = messageType<WirePart>("skep.raft.v1.SnapshotPart");
  const writer = new ProtoWriter();
  return {
    encode(part) {
      writePart(writer, part);
      return writer.take();
    },
    decode(bytes) {
      const { begin, piece, end } = wireType.decode(bytes);
      if (isSet(piece)) return { kind: "piece", piece };
      if (isSet(begin)) return readBegin(begin);
      if (!isSet(end)) throw new InvalidArgumentError("a part of a snapshot of an unknown kind");
      return { kind: "end", pieces: fromUint64(end.pieces), checksum: end.checksum };
    },
  };
}

function writePart(writer: ProtoWriter, part: SnapshotPart): void {
  switch (part.kind) {
    case "begin": {
      const begin = writer.beginLong(1);
      const hello = writer.begin(1);
      writeHello(writer, part.hello);
      writer.end(hello);
      writer.text(2, part.transfer);
      writeMessage(writer, 3, part.message);
      writer.endLong(begin);
      return;
    }
    case "piece": {
      const piece = writer.beginLong(2);
      writer.bytes(1, part.piece.data);
      writer.uint(2, part.piece.endsChunk ? 1 : 0);
      writer.endLong(piece);
      return;
    }
    case "end": {
      const end = writer.begin(3);
      writer.uint(1, part.pieces);
      writer.uint(2, part.checksum);
      writer.end(end);
    }
  }
}

function readBegin(wire: WireBegin): SnapshotBegin {
  if (!isSet(wire.hello) || !isSet(wire.message)) {
    throw new InvalidArgumentError("a snapshot of nobody, or of nothing");
  }
  const hello = readHello(wire.hello);
  const said = readMessage(wire.message);
  if (said.kind !== "snapshot") {
    throw new InvalidArgumentError(`a snapshot that comes with a message "${said.kind}"`);
  }
  const message = { ...said, from: hello.from, to: hello.to };
  return { kind: "begin", hello, transfer: wire.transfer, message };
}

function replyCodec(): Codec<SnapshotReply> {
  const wireType = messageType<{ have?: WireUint64; done?: boolean }>("skep.raft.v1.SnapshotReply");
  return {
    encode: (reply) =>
      wireType.encode(reply.kind === "done" ? { done: true } : { have: reply.pieces }),
    decode(bytes) {
      const { have = 0, done } = wireType.decode(bytes);
      return done === true ? { kind: "done" } : { kind: "have", pieces: fromUint64(have) };
    },
  };
}
