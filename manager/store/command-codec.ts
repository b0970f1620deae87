/**
 * Commands, proto ↔ model. A command grows change by change: each is encoded as it is made, so that its
 * size is known while its maker can still stop, and nothing is encoded twice.
 */
import { TooLargeError, UnimplementedError } from "../../shared/errors/cluster-error.js";
import { messageType } from "../../shared/rpc/protos.js";
import { isSet } from "../../shared/rpc/wire/fields.js";
import { ProtoWriter } from "../../shared/rpc/wire/proto-writer.js";
import { changeFromWire, type WireChange } from "./change-codec.js";
import { writeChange } from "./change-writer.js";
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

  /** @throws TooLargeError a spec in it is too long, or the command would be. */
  add(change: Change): void {
    writeChange(this.#writer, COMMAND.changes, change);
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
    return this.#writer.take();
  }
}

export function encodeCommand(command: Command): Uint8Array {
  const { changes, ...header } = command;
  const writer = new CommandWriter(header, new ProtoWriter());
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
