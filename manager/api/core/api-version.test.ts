import { describe, expect, test } from "vitest";

import { checkVersion, olderVersion, splitVersion } from "./api-version.js";

test.each([
  ["/v1.50/services", "1.50", "/services"],
  ["/v1.24/services?x=/v1.1/", "1.24", "/services?x=/v1.1/"],
  ["/v1.41", "1.41", "/"],
  ["/v1.41?a=b", "1.41", "/?a=b"],
  ["/services", undefined, "/services"],
  ["/volumes/v1.41", undefined, "/volumes/v1.41"],
  ["/v1/services", undefined, "/v1/services"],
  ["/v1.50x/services", undefined, "/v1.50x/services"],
])("%s", (url, version, path) => {
  expect(splitVersion(url)).toEqual({ version, path });
});

describe("versions are numbers, not decimals", () => {
  test.each(["1.24", "1.30", "1.41", "1.50"])("%s is spoken", (version) => {
    expect(() => {
      checkVersion(version);
    }).not.toThrow();
  });

  test.each([
    ["1.51", /too new/],
    ["1.100", /too new/],
    ["2.0", /too new/],
    ["1.23", /too old/],
    ["1.5", /too old/],
    ["0.50", /too old/],
  ])("%s is not", (version, words) => {
    expect(() => {
      checkVersion(version);
    }).toThrow(words);
  });

  test.each([
    ["1.50", "1.41", "1.41"],
    ["1.9", "1.41", "1.9"],
    ["1.41", "1.41", "1.41"],
  ])("the older of %s and %s", (a, b, older) => {
    expect(olderVersion(a, b)).toBe(older);
  });
});
