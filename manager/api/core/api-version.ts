/**
 * Versions of the Docker API: which one a path asks for, and whether we speak it. A path without a
 * version means the newest, as in Docker.
 */
import { MalformedRequestError } from "./malformed-request.js";

export const API_VERSION = "1.50";
export const OLDEST_API_VERSION = "1.24";

export interface VersionedPath {
  /** As asked for, without the `v`; undefined where the path names none. */
  readonly version: string | undefined;
  /** The rest, query included: begins with `/`. */
  readonly path: string;
}

const VERSIONED_PATH = /^\/v(?<version>[0-9]+\.[0-9]+)(?<path>[/?].*)?$/s;

export function splitVersion(url: string): VersionedPath {
  const match = VERSIONED_PATH.exec(url)?.groups;
  if (match === undefined) return { version: undefined, path: url };
  const path = match["path"] ?? "/";
  return { version: match["version"], path: path.startsWith("/") ? path : `/${path}` };
}

/** @throws MalformedRequestError in Docker's words: clients compare them. */
export function checkVersion(version: string): void {
  if (compareVersions(version, OLDEST_API_VERSION) < 0) {
    throw new MalformedRequestError(
      `client version ${version} is too old. Minimum supported API version is ${OLDEST_API_VERSION}, ` +
        "please upgrade your client to a newer version",
    );
  }
  if (compareVersions(version, API_VERSION) > 0) {
    throw new MalformedRequestError(
      `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`,
    );
  }
}

/** Negative where `a` is the older. */
function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** The older of two: what an engine that is older than its client can be asked in. */
export function olderVersion(a: string, b: string): string {
  return compareVersions(a, b) <= 0 ? a : b;
}
