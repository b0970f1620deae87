/**
 * The calls between managers (`proto/raft.proto`): who may make them, and their messages. They are
 * declared here, not in `shared/`, because nobody but managers knows what they carry.
 */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { messageType } from "../../../shared/rpc/protos.js";
import type { Codec, StreamMethod } from "../../../shared/rpc/rpc-method.js";
import { fromUint64, isSet, type WireUint64 } from "../../../shared/rpc/wire/fields.js";
import { ProtoWriter } from "../../../shared/rpc/wire/proto-writer.js";
import type { MemberId } from "../core/member-id.js";
import { readMessage, type WireMessage } from "./message-reader.js";
import { type Said, writeMessage } from "./message-writer.js";

export interface Hello {
  readonly from: MemberId;
  /** Who was meant to be dialled. */
  readonly to: MemberId;
  /** Where `from` is reached; empty where it does not know. */
  readonly address: string;
}

export type Frame =
  | { readonly kind: "hello"; readonly hello: Hello }
  | { readonly kind: "messages"; readonly messages: readonly Said[] }
  | { readonly kind: "ping"; readonly ping: number };

/** 0: the hello was accepted. */
export interface FrameReply {
  readonly pong: number;
}

const SERVICE = "/skep.raft.v1.Raft";

export const MESSAGES: StreamMethod<Frame, FrameReply> = {
  kind: "stream",
  path: `${SERVICE}/Messages`,
  callers: ["manager"],
  request: frameCodec(),
  response: frameReplyCodec(),
};

export interface WireHello {
  from: string;
  to: string;
  address: string;
}

function frameCodec(): Codec<Frame> {
  const wireType = messageType<{
    hello: WireHello | null;
    messages: readonly WireMessage[];
    ping: WireUint64;
  }>("skep.raft.v1.Frame");
  const writer = new ProtoWriter();
  return {
    encode(frame) {
      writeFrame(writer, frame);
      return writer.take();
    },
    decode(bytes) {
      const { hello, messages, ping } = wireType.decode(bytes);
      if (messages.length > 0) return { kind: "messages", messages: messages.map(readMessage) };
      if (isSet(hello)) return { kind: "hello", hello: readHello(hello) };
      return { kind: "ping", ping: fromUint64(ping) };
    },
  };
}

function writeFrame(writer: ProtoWriter, frame: Frame): void {
  switch (frame.kind) {
    case "hello": {
      const hello = writer.begin(1);
      writeHello(writer, frame.hello);
      writer.end(hello);
      return;
    }
    case "messages":
      for (const message of frame.messages) writeMessage(writer, 2, message);
      return;
    case "ping":
      writer.uint(3, frame.ping);
  }
}

export function writeHello(writer: ProtoWriter, { from, to, address }: Hello): void {
  writer.text(1, from);
  writer.text(2, to);
  writer.text(3, address);
}

export function readHello({ from, to, address }: WireHello): Hello {
  if (from === "" || to === "") throw new InvalidArgumentError("a hello without names");
  return { from: from as MemberId, to: to as MemberId, address };
}

function frameReplyCodec(): Codec<FrameReply> {
  const wireType = messageType<{ pong: WireUint64 }>("skep.raft.v1.FrameReply");
  return {
    encode: (reply) => wireType.encode(reply),
    decode: (bytes) => ({ pong: fromUint64(wireType.decode(bytes).pong) }),
  };
}
