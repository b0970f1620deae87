/** What a request brings: its query, its headers, its JSON. */
import type { Static, TSchema } from "@sinclair/typebox";
import type { FastifyRequest } from "fastify";

import { checkShape } from "../../shared/docker-api/validate.js";
import type { RequestOutcome } from "../store/core/requests.js";
import type { UpdateOptions } from "../store/store-access.js";
import { MalformedRequestError } from "./core/malformed-request.js";
import type { RawBody } from "./raw-body.js";

/** The first value of a query parameter. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}

/** By Docker's own rule: everything but a few words is a yes. */
export function queryFlag(request: FastifyRequest, name: string): boolean {
  const value = (queryText(request, name) ?? "").trim().toLowerCase();
  return !["", "0", "no", "false", "none"].includes(value);
}

/** @throws MalformedRequestError for what Go's `ParseBool` does not know. */
export function queryBoolean(request: FastifyRequest, name: string): boolean {
  const value = queryText(request, name) ?? "";
  if (["", "0", "f", "F", "FALSE", "false", "False"].includes(value)) return false;
  if (["1", "t", "T", "TRUE", "true", "True"].includes(value)) return true;
  throw new MalformedRequestError(`invalid value for ${name}: ${value}`);
}

/**
 * The `version` that an update was made from.
 * @throws MalformedRequestError where it is missing or no number.
 */
export function queryVersion(request: FastifyRequest, kind: "service" | "node" | "swarm"): number {
  const text = queryText(request, "version") ?? "";
  const version = /^[0-9]{1,20}$/.test(text) ? Number(text) : undefined;
  if (version !== undefined) return version;
  throw new MalformedRequestError(
    `invalid ${kind} version '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

/** What is kept of how a program calls itself. */
const AUTHOR_LENGTH_MAX = 128;

/** Who asks, as the program calls itself: shown in histories, believed by nobody. */
export function authorOf(request: FastifyRequest): string | undefined {
  const name = (request.headers["user-agent"] ?? "").replace(/[^\x20-\x7e]/g, "").trim();
  return name === "" ? undefined : name.slice(0, AUTHOR_LENGTH_MAX);
}

export function pathId(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

export const REQUEST_ID_HEADER = "x-skep-request-id";

export function requestIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers[REQUEST_ID_HEADER] ?? request.headers["idempotency-key"];
  const id = Array.isArray(header) ? header[0] : header;
  return id === "" ? undefined : id;
}

/** Longer ones are refused rather than kept: the table of them is replicated. */
const REQUEST_ID_LENGTH_MAX = 128;

/**
 * For a request that brings an id of its own, with which it may be sent again:
 * `X-Skep-Request-Id` or `Idempotency-Key`.
 * @param operation so that an id used for another request by mistake does not
 *   get that one's answer.
 * @throws MalformedRequestError
 */
export function repeatable<T>(
  request: FastifyRequest,
  operation: string,
  replay: (outcome: RequestOutcome) => T,
): UpdateOptions<T> | undefined {
  const id = requestIdOf(request);
  if (id === undefined) return undefined;
  if (id.length > REQUEST_ID_LENGTH_MAX) {
    throw new MalformedRequestError(
      `request id has ${id.length} characters, the limit is ${REQUEST_ID_LENGTH_MAX}`,
    );
  }
  return { requestId: `${operation}/${id}`, replay };
}

/**
 * The request's JSON in the given shape; nothing at all is an empty object, as in Docker.
 * @throws MalformedRequestError
 */
export function readJson<T extends TSchema>(request: FastifyRequest, schema: T): Static<T> {
  const { contentType, text } = (request.body ?? EMPTY_BODY) as RawBody;
  if (contentType !== undefined || text !== "") checkContentType(contentType ?? "");
  const check = checkShape(schema, text === "" ? {} : parseJson(text));
  if (!check.ok) throw new MalformedRequestError(`invalid request: ${check.message}`);
  return check.value;
}

const EMPTY_BODY: RawBody = { contentType: undefined, text: "" };

function checkContentType(contentType: string): void {
  const [mediaType = ""] = contentType.split(";");
  const bare = mediaType.trim().toLowerCase();
  if (bare === "application/json") return;
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(bare)) {
    const why = bare === "" ? "no media type" : "expected slash after first token";
    throw new MalformedRequestError(`malformed Content-Type header (${contentType}): mime: ${why}`);
  }
  throw new MalformedRequestError(
    `unsupported Content-Type header (${contentType}): must be 'application/json'`,
  );
}

/** Deeper than any spec; what is much deeper breaks whoever walks it. */
const JSON_DEPTH_MAX = 200;

function parseJson(text: string): unknown {
  if (text.trim() === "") {
    throw new MalformedRequestError("invalid JSON: got EOF while reading request body");
  }
  if (depthOf(text) > JSON_DEPTH_MAX) {
    throw new MalformedRequestError(`invalid JSON: nested more than ${JSON_DEPTH_MAX} levels deep`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedRequestError(`invalid JSON: ${reason}`, { cause });
  }
}

/** How deep lists and objects nest, found without recursion. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}
