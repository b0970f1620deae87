/**
 * References to images, in Docker's grammar (github.com/distribution/reference):
 * `[domain/]path[:tag][@digest]`. What has no domain is Docker Hub's, and one word
 * alone lies in its `library/`.
 */
export interface ImageReference {
  /** `docker.io` where the text names none. */
  readonly domain: string;
  /** With `library/` where Docker adds it. */
  readonly path: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

export type ParsedImage =
  | { readonly ok: true; readonly reference: ImageReference }
  | { readonly ok: false; readonly reason: string };

const HUB = "docker.io";
/** Docker Hub under its first name. */
const OLD_HUB = "index.docker.io";
const HUB_LIBRARY = "library/";
/** Characters of domain and path together. */
const NAME_LENGTH_MAX = 255;

const IMAGE_ID = /^[0-9a-f]{64}$/;
const DOMAIN_PART = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const DOMAIN = new RegExp(
  `^(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`,
);
const PATH_PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:(?<hex>[0-9a-fA-F]{32,})$/;
/** Hexadecimal digits of the algorithms that Docker knows. */
const DIGEST_HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

const MALFORMED = "invalid reference format";

export function parseImageReference(text: string): ParsedImage {
  if (IMAGE_ID.test(text)) {
    return refused(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, rest } = splitDomain(text);
  const { path, tag, digest } = splitSuffixes(rest);
  if (path !== path.toLowerCase()) {
    return refused(`${MALFORMED}: repository name (${path}) must be lowercase`);
  }
  if (!DOMAIN.test(domain)) return refused(MALFORMED);
  if (!path.split("/").every((part) => PATH_PART.test(part))) return refused(MALFORMED);
  if (domain.length + 1 + path.length > NAME_LENGTH_MAX) {
    return refused(`repository name must not be more than ${NAME_LENGTH_MAX} characters`);
  }
  if (tag !== undefined && !TAG.test(tag)) return refused(MALFORMED);
  if (digest !== undefined && !isDigest(digest)) return refused(MALFORMED);
  return {
    ok: true,
    reference: {
      domain,
      path,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    },
  };
}

/**
 * The first word is a domain only if it could be no path: it has a dot, a port or
 * capitals, or is `localhost`.
 */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf("/");
  if (slash === -1) return { domain: HUB, rest: HUB_LIBRARY + text };
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  if (first === OLD_HUB || first === HUB) return { domain: HUB, rest: inLibrary(rest) };
  const isDomain = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  return isDomain ? { domain: first, rest } : { domain: HUB, rest: text };
}

function inLibrary(rest: string): string {
  return rest.includes("/") ? rest : HUB_LIBRARY + rest;
}

function splitSuffixes(rest: string): { path: string; tag?: string; digest?: string } {
  const at = rest.indexOf("@");
  const named = at === -1 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  return {
    path: colon === -1 ? named : named.slice(0, colon),
    ...(colon === -1 ? {} : { tag: named.slice(colon + 1) }),
    ...(at === -1 ? {} : { digest: rest.slice(at + 1) }),
  };
}

function isDigest(digest: string): boolean {
  const hex = DIGEST.exec(digest)?.groups?.["hex"];
  if (hex === undefined) return false;
  const length = DIGEST_HEX_LENGTH[digest.slice(0, digest.indexOf(":"))];
  return length === undefined || hex.length === length;
}

function refused(reason: string): ParsedImage {
  return { ok: false, reason };
}
