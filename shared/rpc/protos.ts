/**
 * The protocol files, loaded once. Messages are looked up by their full name; what they look
 * like in TypeScript is said where they are converted (`wire/`, and beside each
 * conversation), nowhere else.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import protobuf from "protobufjs";

import { assert } from "../errors/assert.js";

/** Seen from the source and from the compiled file, which lies one folder deeper (`dist/`). */
const CANDIDATES = ["../../proto", "../../../proto"];

/** Absolute path of the folder with all `.proto` files. */
const PROTO_FOLDER = findProtoFolder();

/**
 * One kind of message; `T` is the plain object that the converter of that message writes and reads.
 */
export interface MessageType<T> {
  encode(message: T): Uint8Array;
  /**
   * @throws Error where the bytes are no such message. Absent fields read as their proto3 default;
   *   `optional` ones, messages and members of a `oneof` as null.
   */
  decode(bytes: Uint8Array): T;
}

/** @param fullName such as `skep.state.v1.Command` */
export function messageType<T extends object>(fullName: string): MessageType<T> {
  const type = protoRoot().lookupType(fullName);
  return {
    encode: (message) => type.encode(message).finish(),
    // protobufjs has two readers, which read broken UTF-8 differently: the same
    // bytes must read the same.
    decode: ({ buffer, byteOffset, length }) =>
      type.decode(Buffer.from(buffer, byteOffset, length)) as unknown as T,
  };
}

/** Names and numbers of an enum, to hold our own lists against. */
export function enumNumbers(fullName: string): Readonly<Record<string, number>> {
  return protoRoot().lookupEnum(fullName).values;
}

let loaded: protobuf.Root | undefined;

function protoRoot(): protobuf.Root {
  loaded ??= load();
  return loaded;
}

function load(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(PROTO_FOLDER, basename(target));
  root.loadSync(readdirSync(PROTO_FOLDER).filter((name) => name.endsWith(".proto")));
  root.resolveAll();
  readAbsentAsNull(root);
  return root;
}

/**
 * protobufjs reads an absent `optional` field or member of a `oneof` as its
 * default, as if it had been sent.
 */
function readAbsentAsNull(namespace: protobuf.NamespaceBase): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) {
      const prototype = nested.ctor.prototype as unknown as Record<string, unknown>;
      for (const field of nested.fieldsArray)
        if (field.partOf !== null) prototype[field.name] = null;
    }
    if (nested instanceof protobuf.Namespace) readAbsentAsNull(nested);
  }
}

function findProtoFolder(): string {
  const folders = CANDIDATES.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = folders.find((folder) => existsSync(join(folder, "state.proto")));
  assert(found !== undefined, `the protocol files are not in ${folders.join(" or ")}`);
  return found;
}
