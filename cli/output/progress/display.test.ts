import { describe, expect, test } from "vitest";

import { WrittenStream } from "../../../test/setup/run-skep.js";
import type { Row } from "./core/rows.js";
import { displayOn } from "./display.js";

function row(id: string, text: string, steps?: number): Row {
  return { id, text, ...(steps === undefined ? {} : { done: { steps, of: 10 } }) };
}

describe("without a terminal", () => {
  test("each change is a line, and nothing is said twice", () => {
    const stream = new WrittenStream();
    const display = displayOn(stream);
    display.show([row("all", "0 of 2"), row("1/2", ""), row("2/2", "starting ", 3)]);
    display.show([row("all", "1 of 2"), row("1/2", ""), row("2/2", "running  ", 4)]);
    display.show([row("all", "1 of 2"), row("1/2", "why not"), row("2/2", "running  ", 4)]);
    expect(stream.text).toBe(
      "all: 0 of 2\n2/2: starting\nall: 1 of 2\n2/2: running\n1/2: why not\n",
    );
  });

  test("a countdown is told once", () => {
    const stream = new WrittenStream();
    const display = displayOn(stream);
    for (const left of [3, 2, 1]) {
      display.show([{ id: "verify", text: `${left} seconds`, once: "3 seconds" }]);
    }
    display.show([{ id: "verify", text: "done" }]);
    expect(stream.text).toBe("verify: 3 seconds\nverify: done\n");
  });
});

describe("in a terminal", () => {
  test("rows are redrawn where they are", () => {
    const stream = new WrittenStream(80);
    const display = displayOn(stream);
    display.show([row("all", "0 of 1"), row("1/1", "ready", 5)]);
    display.show([row("all", "1 of 1"), row("1/1", "up", 10), row("verify", "wait")]);
    expect(screenOf(stream.text)).toEqual([
      "all: 1 of 1",
      `1/1: up [${"=".repeat(50)}>]`,
      "verify: wait",
      "",
    ]);
    expect(stream.text).toContain(`1/1: ready [${"=".repeat(25)}>${" ".repeat(25)}]`);
  });

  test("rows that are gone leave nothing behind", () => {
    const stream = new WrittenStream(80);
    const display = displayOn(stream);
    display.show([row("a", "1"), row("b", "2"), row("c", "3")]);
    display.show([row("a", "4")]);
    expect(screenOf(stream.text)).toEqual(["a: 4", ""]);
  });

  test("what has not changed is not drawn", () => {
    const stream = new WrittenStream(80);
    const display = displayOn(stream);
    display.show([row("a", "1")]);
    const drawn = stream.text;
    display.show([row("a", "1")]);
    expect(stream.text).toBe(drawn);
  });

  test("no line is as long as the terminal is wide", () => {
    const stream = new WrittenStream(20);
    const display = displayOn(stream);
    display.show([row("a", "x".repeat(40), 5)]);
    expect(screenOf(stream.text)).toEqual([`a: ${"x".repeat(15)}…`, ""]);
  });
});

const ESCAPE = "\u001b";

/** What a terminal shows after this, as far as the display writes to one. */
function screenOf(text: string): string[] {
  const lines = [""];
  let at = 0;
  for (const [part] of text.replaceAll(ESCAPE, "~").matchAll(/~\[\d*[A-Z]|\r|\n|[^~\r\n]+/g)) {
    const up = /^~\[(\d+)A$/.exec(part)?.[1];
    if (up !== undefined) at -= Number(up);
    else if (part === "~[2K") lines[at] = "";
    else if (part === "~[J") lines.splice(at, Infinity, "");
    else if (part === "\n") lines[++at] ??= "";
    else if (part !== "\r") lines[at] = (lines[at] ?? "") + part;
  }
  return lines;
}
