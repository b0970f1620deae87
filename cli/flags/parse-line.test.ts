import { describe, expect, test } from "vitest";

import { FlagError } from "../errors.js";
import { type FlagSet, list, text } from "./flag.js";
import { toggle, uint } from "./numbers.js";
import { type FlagPlace, parseLine } from "./parse-line.js";

const FLAGS = {
  detach: toggle("…", { short: "d" }),
  env: list("…", { short: "e" }),
  name: text("…"),
  "no-trunc": toggle("…"),
  publish: list("…", { short: "p" }),
  quiet: toggle("…", { short: "q" }),
  replicas: uint("…"),
} satisfies FlagSet;

function parse(line: string, place: FlagPlace = "anywhere") {
  const words = line === "" ? [] : line.split(" ");
  return parseLine(words, { flags: FLAGS, place, commandPath: "skep service create" });
}

describe("a line is read as Docker reads it", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ["", {}, []],
    ["web", {}, ["web"]],
    ["--name web", { name: "web" }, []],
    ["--name=web", { name: "web" }, []],
    ["--name=", { name: "" }, []],
    ["--name=a=b", { name: "a=b" }, []],
    ["--name a --name b", { name: "b" }, []],
    ["--name --detach", { name: "--detach" }, []],
    ["--detach", { detach: true }, []],
    ["--detach=false", { detach: false }, []],
    ["--detach=0 web", { detach: false }, ["web"]],
    ["--detach web", { detach: true }, ["web"]],
    ["--no-trunc", { "no-trunc": true }, []],
    ["-d", { detach: true }, []],
    ["-dq", { detach: true, quiet: true }, []],
    ["-d=false", { detach: false }, []],
    ["-qd=false", { quiet: true, detach: false }, []],
    ["-e A=b -e C", { env: ["A=b", "C"] }, []],
    ["-eA=b", { env: ["A=b"] }, []],
    ["-e=A=b", { env: ["A=b"] }, []],
    ["-dp80:80", { detach: true, publish: ["80:80"] }, []],
    ["--replicas 3", { replicas: 3 }, []],
    ["web --replicas 3", { replicas: 3 }, ["web"]],
    ["-- --name", {}, ["--name"]],
    ["a -- -d", {}, ["a", "-d"]],
    ["-", {}, ["-"]],
  ])("%s", (line, flags, args) => {
    expect(parse(line)).toEqual({ flags, args, help: false });
  });
});

describe("behind an image stands a command of its own", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ["-d busybox sh -c x", { detach: true }, ["busybox", "sh", "-c", "x"]],
    ["busybox --name x", {}, ["busybox", "--name", "x"]],
    ["--name x -- busybox -d", { name: "x" }, ["busybox", "-d"]],
    ["busybox -- x", {}, ["busybox", "--", "x"]],
  ])("%s", (line, flags, args) => {
    expect(parse(line, "before-arguments")).toEqual({ flags, args, help: false });
  });
});

test.each(["--help", "-h", "web --help", "-dh", "--help --bogus"])("%s asks for help", (line) => {
  expect(parse(line).help).toBe(true);
});

describe("what cannot be read is refused in one line that says where to look", () => {
  test.each([
    ["--bogus", "unknown flag: --bogus"],
    ["--constructor", "unknown flag: --constructor"],
    ["-x", "unknown shorthand flag: 'x' in -x"],
    ["-dx", "unknown shorthand flag: 'x' in -dx"],
    ["--name", "flag needs an argument: --name"],
    ["-e", "flag needs an argument: 'e' in -e"],
    [
      "--replicas -1",
      'invalid argument "-1" for "--replicas" flag: must be a whole number of 0 or more',
    ],
    ["-d=maybe", 'invalid argument "maybe" for "-d, --detach" flag: must be true or false'],
  ])("%s", (line, message) => {
    expect(() => parse(line)).toThrow(new FlagError(message, "skep service create"));
  });
});
