import fc from "fast-check";
import { expect, test } from "vitest";

import { messageType } from "../../shared/rpc/protos.js";
import { arbitraryChange, arbitraryCommand } from "../../test/store/arbitrary-changes.js";
import { commandOf } from "../../test/store/samples.js";
import { changeFromWire, changeToWire, type WireChange } from "./change-codec.js";
import { decodeCommand, encodeCommand } from "./command-codec.js";

const changeType = messageType<WireChange>("skep.state.v1.Change");

test("what is written straight into bytes reads as what protobufjs writes", () => {
  fc.assert(
    fc.property(arbitraryChange, (change) => {
      // JSON escapes halves of characters, and nothing else as such; each writer has its own way there.
      fc.pre(!/\\ud[89a-f]/.test(JSON.stringify(change)));
      const read = decodeCommand(encodeCommand(commandOf([change]))).changes[0];
      const slowly = changeType.decode(changeType.encode(changeToWire(change)));
      expect(read).toStrictEqual(changeFromWire(slowly));
    }),
    { numRuns: 1_000 },
  );
});

test("what was read once reads the same for ever", () => {
  fc.assert(
    fc.property(arbitraryCommand, (command) => {
      const read = decodeCommand(encodeCommand(command));
      const again = encodeCommand(read);
      expect(decodeCommand(again)).toStrictEqual(read);
      expect(encodeCommand(decodeCommand(again))).toStrictEqual(again);
    }),
    { numRuns: 1_000 },
  );
});

test("the bytes read the same wherever they lie", () => {
  fc.assert(
    fc.property(arbitraryCommand, fc.nat(9), (command, offset) => {
      const bytes = encodeCommand(command);
      const elsewhere = new Uint8Array(offset + bytes.length);
      elsewhere.set(bytes, offset);
      expect(decodeCommand(elsewhere.subarray(offset))).toStrictEqual(decodeCommand(bytes));
    }),
  );
});
