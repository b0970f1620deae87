/**
 * Commands, proto ↔ model. A command grows change by change: each is encoded as it is made, so that its
 * size is known while its maker can still stop, and nothing is encoded twice.
 */
import protobuf from "protobufjs";

import { TooLargeError, UnimplementedError } from "../../shared/errors/cluster-error.js";
import { messageType } from "../../shared/rpc/protos.js";
import { isSet } from "../../shared/rpc/wire/fields.js";
import { changeFromWire, changeToWire, type WireChange } from "./change-codec.js";
import { type Change, type Command, COMMAND_FORMAT } from "./core/change.js";
import { CHANGES_PER_COMMAND_MAX, COMMAND_BYTES_MAX, TooManyChangesError } from "./limits.js";
import { checkSpecSizes } from "./spec-sizes.js";

interface WireCommand {
  format: number;
  atMs: number;
  requestId?: string | null;
  changes: readonly WireChange[];
}

/** Tags of `Command`'s fields: number and wire type, as the protobuf encoding has them. */
const FORMAT_TAG = (1 << 3) | 0;
const AT_MS_TAG = (2 << 3) | 1;
const REQUEST_ID_TAG = (3 << 3) | 2;
const CHANGES_TAG = (4 << 3) | 2;

const commandType = messageType<WireCommand>("skep.state.v1.Command");
const changeType = messageType<WireChange>("skep.state.v1.Change");

export interface CommandHeader {
  readonly atMs: number;
  readonly requestId?: string;
}

export class CommandWriter {
  readonly #header: CommandHeader;
  readonly #changes: Change[] = [];
  readonly #writer = protobuf.Writer.create();

  constructor(header: CommandHeader) {
    this.#header = header;
    this.#writer.uint32(FORMAT_TAG).uint32(COMMAND_FORMAT);
    this.#writer.uint32(AT_MS_TAG).double(header.atMs);
    if (header.requestId !== undefined)
      this.#writer.uint32(REQUEST_ID_TAG).string(header.requestId);
  }

  get changes(): number {
    return this.#changes.length;
  }

  get bytes(): number {
    return this.#writer.len;
  }

  /** @throws TooLargeError a spec in it is too long, or the command would be. */
  add(change: Change): void {
    const wire = changeToWire(change);
    checkSpecSizes(wire);
    changeType.encodeNested(wire, this.#writer.uint32(CHANGES_TAG));
    this.#changes.push(change);
    if (this.bytes > COMMAND_BYTES_MAX)
      throw new TooLargeError("the command", {
        bytes: this.bytes,
        limitBytes: COMMAND_BYTES_MAX,
      });
    if (this.changes > CHANGES_PER_COMMAND_MAX) throw new TooManyChangesError();
  }

  /** The same command as a value, for the one who made it: it need not be decoded again. */
  command(): Command {
    return { format: COMMAND_FORMAT, ...this.#header, changes: this.#changes };
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

export function encodeCommand(command: Command): Uint8Array {
  const { changes, ...header } = command;
  const writer = new CommandWriter(header);
  for (const change of changes) writer.add(change);
  return writer.finish();
}

/**
 * @throws UnimplementedError a later release wrote it. Going on without it would make this manager's state
 *   differ from the others', so this one has to stop.
 */
export function decodeCommand(data: Uint8Array): Command {
  const wire = commandType.decode(data);
  if (wire.format > COMMAND_FORMAT)
    throw new UnimplementedError(
      `a command has format ${wire.format}, this release reads up to ${COMMAND_FORMAT}: update this manager`,
    );
  const changes = wire.changes.map((change, index) => {
    const known = changeFromWire(change);
    if (known !== undefined) return known;
    throw new UnimplementedError(
      `change ${index} of a command is of a kind that this release does not know: update this manager`,
    );
  });
  return {
    format: wire.format,
    atMs: wire.atMs,
    ...(isSet(wire.requestId) && { requestId: wire.requestId }),
    changes,
  };
}
