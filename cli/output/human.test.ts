import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  capitalized,
  compareNaturally,
  ellipsis,
  goDuration,
  humanDuration,
  humanSize,
  shortImage,
} from "./human.js";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

test.each([
  [-5, "Less than a second"],
  [999, "Less than a second"],
  [SECOND_MS, "1 second"],
  [59.9 * SECOND_MS, "59 seconds"],
  [MINUTE_MS, "About a minute"],
  [119 * SECOND_MS, "About a minute"],
  [2 * MINUTE_MS, "2 minutes"],
  [59.9 * MINUTE_MS, "59 minutes"],
  [HOUR_MS, "About an hour"],
  [1.5 * HOUR_MS, "2 hours"],
  [47 * HOUR_MS, "47 hours"],
  [2 * DAY_MS, "2 days"],
  [13 * DAY_MS, "13 days"],
  [14 * DAY_MS, "2 weeks"],
  [59 * DAY_MS, "8 weeks"],
  [60 * DAY_MS, "2 months"],
  [729 * DAY_MS, "24 months"],
  [730 * DAY_MS, "2 years"],
])("%d ms is %s", (durationMs, text) => {
  expect(humanDuration(durationMs)).toBe(text);
});

test.each([
  [0, "0B"],
  [1023, "1023B"],
  [1024, "1KiB"],
  [67_108_864, "64MiB"],
  [2_097_152_000, "1.953GiB"],
  [4_123_456_789, "3.84GiB"],
  [2 ** 50, "1PiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(humanSize(bytes)).toBe(text);
});

test.each([
  [0, "0s"],
  [5, "5ns"],
  [1500, "1.5µs"],
  [5e8, "500ms"],
  [1e9, "1s"],
  [1.5e9, "1.5s"],
  [9e10, "1m30s"],
  [3600e9, "1h0m0s"],
  [7776e12, "2160h0m0s"],
  [-1e9, "-1s"],
])("%d ns are %s", (durationNs, text) => {
  expect(goDuration(durationNs)).toBe(text);
});

test.each([
  ["nginx", "nginx"],
  ["nginx:1.27", "nginx:1.27"],
  [`nginx:1.27@sha256:${"a".repeat(64)}`, "nginx:1.27"],
  [`nginx@sha256:${"a".repeat(64)}`, `nginx@sha256:${"a".repeat(64)}`],
  ["docker.io/library/nginx:1", "nginx:1"],
  ["docker.io/team/app:1", "team/app:1"],
  ["registry.test:5000/team/app", "registry.test:5000/team/app"],
  ["registry.test:5000/team/app:2@sha256:00", "registry.test:5000/team/app:2"],
])("image %s is shown as %s", (image, shown) => {
  expect(shortImage(image)).toBe(shown);
});

test.each([
  ["short", 10, "short"],
  ["exactly ten", 11, "exactly ten"],
  ["one too many", 11, "one too ma…"],
  ["ééé", 2, "é…"],
])("%s in %d characters", (text, width, shown) => {
  expect(ellipsis(text, width)).toBe(shown);
});

test("a word begins with a capital and goes on small", () => {
  expect(["running", "DRAIN", ""].map(capitalized)).toEqual(["Running", "Drain", ""]);
});

describe("natural order", () => {
  test("counts where it can", () => {
    const names = ["web.10", "web.2", "web", "api.1", "web.2a", "web.02"];
    expect(names.toSorted(compareNaturally)).toEqual([
      "api.1",
      "web",
      "web.02",
      "web.2",
      "web.2a",
      "web.10",
    ]);
  });

  test("is an order", () => {
    const name = fc.array(fc.constantFrom("a", "b", "1", "02", "10", "."), { maxLength: 5 });
    fc.assert(
      fc.property(name, name, name, (...parts) => {
        const [a = "", b = "", c = ""] = parts.map((one) => one.join(""));
        expect(compareNaturally(a, a)).toBe(0);
        expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).toBe(0);
        if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0) {
          expect(compareNaturally(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
