// Each flag's value: what it may be, and what is said of what it may not.
import { describe, expect, test } from "vitest";

import { BadValueError } from "../errors.js";
import { listenAddress, parseExtraHost, parseIp, parseSubnets } from "./addresses.js";
import { cpus, duration, parseBytes, positiveDuration } from "./amounts.js";
import { parseFileReference, parseNetwork } from "./attachments.js";
import {
  normalizeCapability,
  parseCredentialSpec,
  parseDnsSearch,
  parseGenericResource,
  parsePlacementPreference,
  parseUlimit,
} from "./container-values.js";
import { csvFields } from "./csv.js";
import type { Flag } from "./flag.js";
import { parseLabel, parseVariable } from "./key-values.js";
import { float, int, parseBoolean, parseUint } from "./numbers.js";
import { shellWords } from "./shell-words.js";

function of<T>(flag: Flag<T>): (text: string) => T {
  return (text) => flag.parse(text, undefined);
}

interface Table<T> {
  readonly parse: (text: string) => T;
  readonly good: readonly (readonly [text: string, value: T])[];
  readonly bad: readonly (readonly [text: string, message: string])[];
}

function describeTable<T>(name: string, { parse, good, bad }: Table<T>): void {
  describe(name, () => {
    test.each(good.map(([given, value]) => ({ given, value })))('"$given"', ({ given, value }) => {
      expect(parse(given)).toEqual(value);
    });
    test.each(bad.map(([given, message]) => ({ given, message })))(
      'not "$given"',
      ({ given, message }) => {
        const parsing = (): T => parse(given);
        expect(parsing).toThrow(BadValueError);
        expect(parsing).toThrow(message);
      },
    );
  });
}

const SECOND_NS = 1e9;

describeTable("duration", {
  parse: of(duration("…")),
  good: [
    ["10s", 10 * SECOND_NS],
    ["1m30s", 90 * SECOND_NS],
    ["1.5h", 5400 * SECOND_NS],
    ["500ms", SECOND_NS / 2],
    ["1us2ns", 1002],
    ["1µs", 1000],
    [".5s", SECOND_NS / 2],
    ["2160h0m0s", 2160 * 3600 * SECOND_NS],
    ["-1s", -SECOND_NS],
    ["+1s", SECOND_NS],
    ["0", 0],
  ],
  bad: [
    ["5", "missing unit in duration (write 5s for seconds)"],
    ["", "must be a duration such as 10s or 1m30s"],
    ["s", "must be a duration"],
    ["1s x", "must be a duration"],
    ["x1s", "must be a duration"],
    ["1d", 'unknown unit "d" (use ns, us, ms, s, m or h)'],
    ["9999999h", "too long"],
  ],
});

describeTable("duration that cannot be negative", {
  parse: of(positiveDuration("…")),
  good: [["10s", 10 * SECOND_NS]],
  bad: [["-1s", "duration cannot be negative"]],
});

const MIB = 2 ** 20;

describeTable("bytes", {
  parse: parseBytes,
  good: [
    ["64m", 64 * MIB],
    ["64M", 64 * MIB],
    ["64mb", 64 * MIB],
    ["64MiB", 64 * MIB],
    ["1.5g", 1536 * MIB],
    ["512", 512],
    ["512b", 512],
    ["512 k", 512 * 1024],
    ["0", 0],
    ["1.5", 1],
    ["2t", 2 * 2 ** 40],
  ],
  bad: [
    ["3q", "invalid suffix: 'q'"],
    ["3mib2", "must be a size"],
    ["3ib", "invalid suffix: 'ib'"],
    ["3kk", "invalid suffix: 'kk'"],
    ["-1m", "must be a size such as 64m or 1.5g"],
    ["m", "must be a size"],
    ["", "must be a size"],
    ["9999999p", "too large"],
  ],
});

describeTable("processors", {
  parse: of(cpus("…")),
  good: [
    ["0.5", 5e8],
    ["2", 2e9],
    ["0.29", 29e7],
    [".25", 25e7],
    ["1e-1", 1e8],
    ["1/4", 25e7],
    ["0", 0],
    ["0.000000001", 1],
  ],
  bad: [
    ["abc", "must be a number of processors such as 0.5 or 2"],
    ["", "must be a number of processors"],
    ["1/0", "must be a number of processors"],
    ["1/3", "value is too precise"],
    ["0.0000000001", "value is too precise"],
    ["1e30", "is too large"],
  ],
});

describeTable("whole number of 0 or more", {
  parse: parseUint,
  good: [
    ["0", 0],
    ["12", 12],
    ["0x1f", 31],
    ["017", 15],
    ["0o17", 15],
    ["0b11", 3],
    ["1_000", 1000],
  ],
  bad: [
    ["-1", "must be a whole number of 0 or more"],
    ["+1", "must be a whole number of 0 or more"],
    ["1.5", "must be a whole number of 0 or more"],
    ["", "must be a whole number of 0 or more"],
    ["08", "must be a whole number of 0 or more"],
    ["99999999999999999999", "is too large"],
  ],
});

describeTable("whole number", {
  parse: of(int("…")),
  good: [
    ["-5", -5],
    ["+5", 5],
    ["0", 0],
  ],
  bad: [["x", "must be a whole number"]],
});

describeTable("number", {
  parse: of(float("…")),
  good: [
    ["0.1", 0.1],
    ["1e-2", 0.01],
    ["-1", -1],
  ],
  bad: [["x", "must be a number"]],
});

describeTable("switch", {
  parse: parseBoolean,
  good: [
    ["true", true],
    ["1", true],
    ["T", true],
    ["FALSE", false],
    ["0", false],
  ],
  bad: [["yes", "must be true or false"]],
});

describeTable("CSV", {
  parse: csvFields,
  good: [
    ["a=b,c", ["a=b", "c"]],
    ['"a,b",c', ["a,b", "c"]],
    ['"say ""hi""",x', ['say "hi"', "x"]],
    ["a,", ["a", ""]],
  ],
  bad: [
    ['a"b', 'bare " in non-quoted field'],
    ['"a', 'extraneous or missing " in quoted field'],
    ['"a"b,c', 'extraneous or missing " in quoted field'],
  ],
});

describeTable("listen address", {
  parse: of(listenAddress("…")),
  good: [
    ["192.0.2.1", "192.0.2.1:2377"],
    ["192.0.2.1:99", "192.0.2.1:99"],
    ["eth0", "eth0:2377"],
    [":99", "0.0.0.0:99"],
    ["[::1]:99", "[::1]:99"],
  ],
  bad: [
    ["foo:bar:x", "must be <ip|interface>[:port]"],
    ["1.2.3.4:99999", "no such port"],
  ],
});

describeTable("IP address", {
  parse: parseIp,
  good: [
    ["1.1.1.1", "1.1.1.1"],
    [" ::1 ", "::1"],
  ],
  bad: [
    ["foo", "IP address is not correctly formatted: foo"],
    ["[::1]", "not correctly formatted"],
  ],
});

describeTable("subnets", {
  parse: parseSubnets,
  good: [["10.0.0.0/8,fd00::/64", ["10.0.0.0/8", "fd00::/64"]]],
  bad: [
    ["10.0.0.0", "invalid CIDR address: 10.0.0.0"],
    ["10.0.0.0/33", "invalid CIDR address"],
    ["x/8", "invalid CIDR address"],
  ],
});

describeTable("extra host", {
  parse: parseExtraHost,
  good: [
    ["db:10.0.0.1", "10.0.0.1 db"],
    ["db=10.0.0.1", "10.0.0.1 db"],
    ["db:::1", "::1 db"],
    ["db:[::1]", "::1 db"],
  ],
  bad: [
    ["db", 'bad format for add-host: "db"'],
    ["db:x", 'invalid IP address in add-host: "x"'],
  ],
});

const READ_BY_ALL = { UID: "0", GID: "0", Mode: 0o444 };

describeTable("secret or config", {
  parse: parseFileReference,
  good: [
    ["pw", { name: "pw", file: { Name: "pw", ...READ_BY_ALL } }],
    ["source=pw", { name: "pw", file: { Name: "pw", ...READ_BY_ALL } }],
    [
      "src=pw,target=/run/pw,uid=1,gid=2,mode=0400",
      { name: "pw", file: { Name: "/run/pw", UID: "1", GID: "2", Mode: 0o400 } },
    ],
  ],
  bad: [
    ["src=a,foo", "invalid field 'foo' must be a key=value pair"],
    ["target=a", "source is required"],
    ["src=a,colour=red", "invalid field 'colour'"],
    ["src=a,mode=rw", "must be a whole number"],
  ],
});

describeTable("network", {
  parse: parseNetwork,
  good: [
    ["net", { Target: "net" }],
    ["name=net,alias=web,alias=www", { Target: "net", Aliases: ["web", "www"] }],
    ["name=net,driver-opt=a=b", { Target: "net", Aliases: [], DriverOpts: { a: "b" } }],
  ],
  bad: [
    ["alias=a", "network name/id is not specified"],
    ["name=a,ip=1", "invalid field key ip"],
    ["name=a,driver-opt=x", "invalid key value pair format in driver options"],
  ],
});

describeTable("ulimit", {
  parse: parseUlimit,
  good: [
    ["nofile=10:20", { Name: "nofile", Soft: 10, Hard: 20 }],
    ["nofile=10", { Name: "nofile", Soft: 10, Hard: 10 }],
    ["core=5:-1", { Name: "core", Soft: 5, Hard: -1 }],
    ["core=-1", { Name: "core", Soft: -1, Hard: -1 }],
  ],
  bad: [
    ["foo", "invalid ulimit argument: foo"],
    ["files=1", "invalid ulimit type: files"],
    ["nofile=x", "invalid limit x"],
    ["nofile=3:2", "soft limit must be less than or equal to hard limit: 3 > 2"],
    ["nofile=-1:2", "soft limit must be less than or equal to hard limit: -1 > 2"],
    ["nofile=1:2:3", "invalid limit"],
  ],
});

describeTable("generic resource", {
  parse: parseGenericResource,
  good: [["gpu=2", { DiscreteResourceSpec: { Kind: "gpu", Value: 2 } }]],
  bad: [
    ["gpu", "invalid generic-resource format `gpu` expected `name=value`"],
    ["gpu=red", "must name an amount"],
    ["gpu=-1", "must name an amount"],
  ],
});

describeTable("placement preference", {
  parse: parsePlacementPreference,
  good: [["spread=node.labels.rack", { Spread: { SpreadDescriptor: "node.labels.rack" } }]],
  bad: [
    ["a", 'must be of the format "<strategy>=<arg>"'],
    ["pack=a", "unsupported placement preference pack (only spread is supported)"],
  ],
});

describeTable("credential spec", {
  parse: parseCredentialSpec,
  good: [
    ["config://c", { Config: "c" }],
    ["file://f", { File: "f" }],
    ["registry://r", { Registry: "r" }],
    ["", {}],
  ],
  bad: [["x", 'must be prefixed with "config://", "file://", or "registry://"']],
});

describeTable("DNS search domain", {
  parse: parseDnsSearch,
  good: [
    ["example.com", "example.com"],
    [" example.com ", "example.com"],
    [".", "."],
  ],
  bad: [
    ["", "is not a valid domain"],
    ["12", "12 is not a valid domain"],
    ["a b", "a b is not a valid domain"],
  ],
});

describeTable("label", {
  parse: parseLabel,
  good: [
    ["a=b", "a=b"],
    ["a", "a"],
    ["a=b c", "a=b c"],
  ],
  bad: [
    ["=", "invalid label '=': empty name"],
    ["a b=c", "label 'a b' contains whitespaces"],
  ],
});

describeTable("variable", {
  parse: parseVariable,
  good: [
    ["A=b", "A=b"],
    ["A", "A"],
  ],
  bad: [["=x", "invalid environment variable: =x"]],
});

describeTable("shell words", {
  parse: shellWords,
  good: [
    ["", []],
    ["sh -c 'a b'", ["sh", "-c", "a b"]],
    ['a"b c"d', ["ab cd"]],
    ["a\\ b", ["a b"]],
    ['"\\"" \'\\\'', ['"', "\\"]],
    ["a '' b", ["a", "", "b"]],
    ["a # rest", ["a"]],
    ["a#b", ["a#b"]],
  ],
  bad: [
    ["'a", "unterminated quote"],
    ['"a', "unterminated quote"],
    ["a\\", "backslash at the end"],
  ],
});

test.each([
  ["net_admin", "CAP_NET_ADMIN"],
  ["CAP_CHOWN", "CAP_CHOWN"],
  [" all ", "ALL"],
  ["reset", "RESET"],
])("capability %s is %s", (given, name) => {
  expect(normalizeCapability(given)).toBe(name);
});
