/**
 * Commands, proto ↔ model. A command grows change by change: each is encoded as it is made, so that
 * its size is known while its maker can still stop, and nothing is encoded twice.
 */
import { assert } from "../../shared/errors/assert.js";
import { TooLargeError, UnimplementedError } from "../../shared/errors/cluster-error.js";
import { messageType } from "../../shared/rpc/protos.js";
import { isSet } from "../../shared/rpc/wire/fields.js";
import { ProtoWriter } from "../../shared/rpc/wire/proto-writer.js";
import { changeFromWire, type WireChange } from "./change-codec.js";
import { isTaskChange, writeChange } from "./change-writer.js";
import { type Change, type Command, COMMAND_FORMAT } from "./core/change.js";
import { CHANGES_PER_COMMAND_MAX, COMMAND_BYTES_MAX, TooManyChangesError } from "./limits.js";

interface WireCommand {
  format: number;
  atMs: number;
  requestId?: string | null;
  changes: readonly WireChange[];
}

/** Numbers of the fields in `state.proto`. */
const COMMAND = { format: 1, atMs: 2, requestId: 3, changes: 4 } as const satisfies Record<
  keyof WireCommand,
  number
>;

const commandType = messageType<WireCommand>("skep.state.v1.Command");

export interface CommandHeader {
  readonly atMs: number;
  readonly requestId?: string;
}

export class CommandWriter {
  readonly #header: CommandHeader;
  readonly #changes: Change[] = [];
  readonly #writer: ProtoWriter;

  /** @param writer free, and this command's alone until it is finished or given up. */
  constructor(header: CommandHeader, writer: ProtoWriter) {
    this.#header = header;
    this.#writer = writer;
    writer.reset();
    writer.uint(COMMAND.format, COMMAND_FORMAT);
    writer.double(COMMAND.atMs, header.atMs);
    if (header.requestId !== undefined) writer.presentText(COMMAND.requestId, header.requestId);
  }

  get changes(): number {
    return this.#changes.length;
  }

  get bytes(): number {
    return this.#writer.length;
  }

  /**
   * @returns the change as every manager will read it: its maker must not go on with anything else.
   * @throws TooLargeError a spec in it is too long, or the command would be.
   */
  add(change: Change): Change {
    const start = this.#writer.length;
    writeChange(this.#writer, COMMAND.changes, change);
    if (this.bytes > COMMAND_BYTES_MAX)
      throw new TooLargeError("the command", {
        bytes: this.bytes,
        limitBytes: COMMAND_BYTES_MAX,
      });
    if (this.changes >= CHANGES_PER_COMMAND_MAX) throw new TooManyChangesError();
    const asRead = this.#asRead(change, start);
    this.#changes.push(asRead);
    return asRead;
  }

  finish(): EncodedCommand {
    const command = { format: COMMAND_FORMAT, ...this.#header, changes: this.#changes };
    return { command, data: this.#writer.take() };
  }

  #asRead(change: Change, start: number): Change {
    // `apply` takes a task field by field, and texts come back as they were: nothing to gain from
    // reading it. A spec may hold what JSON does not say, and its maker may go on changing it.
    if (isTaskChange(change) && this.#writer.exact) return change;
    const [asRead] = changesFromWire(commandType.decode(this.#writer.since(start)));
    assert(asRead !== undefined, "what was just written is there");
    return asRead;
  }
}

export interface EncodedCommand {
  readonly command: Command;
  /** The same command for the log. */
  readonly data: Uint8Array;
}

export function encodeCommand(command: Command): Uint8Array {
  const { changes, ...header } = command;
  const writer = new CommandWriter(header, new ProtoWriter());
  for (const change of changes) writer.add(change);
  return writer.finish().data;
}

/**
 * @throws UnimplementedError a later release wrote it. Going on without it would make this
 *   manager's state differ from the others', so this one has to stop.
 */
export function decodeCommand(data: Uint8Array): Command {
  const wire = commandType.decode(data);
  if (wire.format > COMMAND_FORMAT)
    throw new UnimplementedError(
      `a command has format ${wire.format}, this release reads up to ${COMMAND_FORMAT}: update this manager`,
    );
  return {
    format: wire.format,
    atMs: wire.atMs,
    ...(isSet(wire.requestId) && { requestId: wire.requestId }),
    changes: changesFromWire(wire),
  };
}

function changesFromWire(wire: WireCommand): readonly Change[] {
  return wire.changes.map((change, index) => {
    const known = changeFromWire(change);
    if (known !== undefined) return known;
    throw new UnimplementedError(
      `change ${index} of a command is of a kind that this release does not know: update this manager`,
    );
  });
}
