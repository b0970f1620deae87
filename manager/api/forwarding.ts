/**
 * What only the leader can carry out, on a manager that does not lead: the write finds that out
 * before anything happened, and the whole request is passed on, with an id of its own, so that it
 * may be sent again where a leader is lost on the way.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";

import {
  ClusterError,
  type ErrorCode,
  NoLeaderError,
  OutcomeUnknownError,
} from "../../shared/errors/cluster-error.js";
import { newId } from "../../shared/model/ids.js";
import type { HttpAnswer, HttpRequest } from "../forward/forward-rpc.js";
import { PATIENCE_MS } from "../forward/leader-link.js";
import type { ApiContext } from "./api-context.js";
import type { RawBody } from "./raw-body.js";
import { REQUEST_ID_HEADER, requestIdOf } from "./request-input.js";

/** Set on a request that was passed on: it is not passed on again. */
const FORWARDED_HEADER = "x-skep-forwarded";
/** In an answer to one: that nothing came of it here, or that this is not known. */
const ERROR_CODE_HEADER = "x-skep-error-code";
const JSON_TYPE = "application/json";

/** Nothing of it happened here, or another leader can say what became of it. */
const ASK_NEXT_LEADER: readonly ErrorCode[] = ["no-leader", "proposal-dropped", "outcome-unknown"];
/** For a last question, where the time was spent on the first attempt. */
const LEAST_PATIENCE_MS = 500;
/** Those of the connection, which is another one from here on. */
const OWN_HEADERS = ["connection", "content-length", "expect", "host", "transfer-encoding"];

export function isForwarded(request: FastifyRequest): boolean {
  return request.headers[FORWARDED_HEADER] !== undefined;
}

/** The user's patience begins with the request, not with its second attempt. */
const begunAtMs = new WeakMap<FastifyRequest, number>();

/**
 * A write has an id from the beginning: whatever becomes of the leader, it can then be told, or
 * asked for again, and is carried out once.
 */
export function nameRequest(request: FastifyRequest, { clock, host, random }: ApiContext): void {
  begunAtMs.set(request, clock.nowMs());
  if (isRead(request) || requestIdOf(request) !== undefined) return;
  if (host.swarm.status().role !== "manager" || host.manager().isAlone) return;
  request.headers[REQUEST_ID_HEADER] = newId(random);
}

function isRead({ method }: FastifyRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether the leader is to be asked, after this manager failed at it with `error`. */
export function mustForward(request: FastifyRequest, error: unknown): boolean {
  if (isRead(request) || requestIdOf(request) === undefined || isForwarded(request)) return false;
  return error instanceof ClusterError && ASK_NEXT_LEADER.includes(error.code);
}

/**
 * @param failure of this manager, where it tried itself.
 * @throws NoLeaderError, OutcomeUnknownError, and what the way to the leader throws.
 */
export async function forward(
  request: FastifyRequest,
  context: ApiContext,
  tried: { readonly failure?: unknown } = {},
): Promise<HttpAnswer> {
  const { text = "" } = (request.body ?? {}) as Partial<RawBody>;
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" && !OWN_HEADERS.includes(name) ? [[name, value] as const] : [],
  );
  const { method, url } = request;
  const passedOn = { method, url, headers: Object.fromEntries(headers), body: text };
  const nowMs = context.clock.nowMs();
  const elapsedMs = nowMs - (begunAtMs.get(request) ?? nowMs);
  const patienceMs = Math.max(LEAST_PATIENCE_MS, PATIENCE_MS - elapsedMs);
  try {
    return await context.host.manager().forward(passedOn, patienceMs);
  } catch (error) {
    const wasUnknown = codeOf(tried.failure) === "outcome-unknown";
    if (!wasUnknown || !(error instanceof NoLeaderError)) throw error;
    throw new OutcomeUnknownError(error.message);
  }
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ClusterError ? error.code : undefined;
}

/** The header that tells another manager why this one could not do it. */
export function errorCodeHeader(error: unknown): Readonly<Record<string, string>> {
  return error instanceof ClusterError ? { [ERROR_CODE_HEADER]: error.code } : {};
}

/** @throws NoLeaderError another leader is to be asked. */
export async function answerForwarded(
  app: FastifyInstance,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const { method, url, headers, body } = request;
  const answer = await app.inject({
    method: method as "POST",
    url,
    headers: { ...headers, [FORWARDED_HEADER]: "1" },
    ...(body !== "" && { payload: body }),
  });
  const code = answer.headers[ERROR_CODE_HEADER];
  if (ASK_NEXT_LEADER.some((known) => known === code)) {
    throw new NoLeaderError(`the manager that was asked does not lead any more (${String(code)})`);
  }
  const contentType = String(answer.headers["content-type"] ?? JSON_TYPE);
  return { status: answer.statusCode, contentType, body: answer.body };
}
