import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type ImageReference, parseImageReference } from "./image-reference.js";

const SHA256 = `sha256:${"a".repeat(64)}`;

describe("a reference", () => {
  test.each<[string, ImageReference]>([
    ["nginx", { domain: "docker.io", path: "library/nginx" }],
    ["nginx:1.25", { domain: "docker.io", path: "library/nginx", tag: "1.25" }],
    ["skep/busybox:1", { domain: "docker.io", path: "skep/busybox", tag: "1" }],
    ["docker.io/nginx", { domain: "docker.io", path: "library/nginx" }],
    ["index.docker.io/library/nginx", { domain: "docker.io", path: "library/nginx" }],
    ["localhost/a", { domain: "localhost", path: "a" }],
    ["localhost:5000/a:b", { domain: "localhost:5000", path: "a", tag: "b" }],
    ["example.com/a/b/c", { domain: "example.com", path: "a/b/c" }],
    ["Example/a", { domain: "Example", path: "a" }],
    ["10.0.0.1:5000/a", { domain: "10.0.0.1:5000", path: "a" }],
    ["[2001:db8::1]:5000/a", { domain: "[2001:db8::1]:5000", path: "a" }],
    ["a__b/c-d--e.f_g", { domain: "docker.io", path: "a__b/c-d--e.f_g" }],
    [`nginx@${SHA256}`, { domain: "docker.io", path: "library/nginx", digest: SHA256 }],
    [`r.example/a:1@${SHA256}`, { domain: "r.example", path: "a", tag: "1", digest: SHA256 }],
  ])("%s", (text, reference) => {
    expect(parseImageReference(text)).toEqual({ ok: true, reference });
  });
});

describe("no reference", () => {
  const MALFORMED = "invalid reference format";
  test.each<[string, string]>([
    ["", MALFORMED],
    [":1", MALFORMED],
    ["a:", MALFORMED],
    ["a@", MALFORMED],
    ["a:b:c", MALFORMED],
    ["a b", MALFORMED],
    ["a/", MALFORMED],
    ["/a", MALFORMED],
    ["a//b", MALFORMED],
    ["-a", MALFORMED],
    ["a.-b", MALFORMED],
    ["a___b", MALFORMED],
    ["a..b", MALFORMED],
    [`a:${"t".repeat(129)}`, MALFORMED],
    ["a:.b", MALFORMED],
    ["a@sha256:abc", MALFORMED],
    [`a@sha256:${"a".repeat(63)}`, MALFORMED],
    [`a@sha256:${"g".repeat(64)}`, MALFORMED],
    ["-.example/a", MALFORMED],
    ["a\n", MALFORMED],
    ["Nginx", `${MALFORMED}: repository name (library/Nginx) must be lowercase`],
    ["r.example/A", `${MALFORMED}: repository name (A) must be lowercase`],
    [
      "f".repeat(64),
      `invalid repository name (${"f".repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    ],
    [`r.example/${"a".repeat(246)}`, "repository name must not be more than 255 characters"],
  ])("%j", (text, reason) => {
    expect(parseImageReference(text)).toEqual({ ok: false, reason });
  });
});

test("what was parsed and put together again is parsed the same", () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const domain = fc.constantFrom("localhost", "r.example", "r.example:5000", "docker.io");
  const parts = fc.record({
    domain,
    path: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("/")),
    tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,9}$/), { nil: undefined }),
    digest: fc.option(fc.constant(SHA256), { nil: undefined }),
  });
  fc.assert(
    fc.property(parts, ({ domain: host, path, tag, digest }) => {
      const text = `${host}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
      const parsed = parseImageReference(text);
      expect(parsed).toMatchObject({ ok: true, reference: { domain: host } });
      if (!parsed.ok) return;
      const { reference } = parsed;
      const again = `${reference.domain}/${reference.path}${text.slice(host.length + 1 + path.length)}`;
      expect(parseImageReference(again)).toEqual(parsed);
    }),
  );
});

test("any text at all is parsed or refused, quickly", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      expect(typeof parseImageReference(text).ok).toBe("boolean");
    }),
  );
  const startedMs = performance.now();
  for (const part of ["a", "a-", "a.", "a_", "-"]) parseImageReference(part.repeat(100_000));
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
