/**
 * Errors as answers: Docker's shape, `{"message": …}`, with the status that the error's code has.
 */
import type { FastifyReply } from "fastify";

import { ClusterError, TooLargeError } from "../../shared/errors/cluster-error.js";
import { STATUS_OF } from "../../shared/errors/status-codes.js";
import type { Logger } from "../../shared/ports/logger.js";
import { managerWords } from "./core/error-words.js";
import { RequestTimeoutError } from "./raw-body.js";

export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
}

const REQUEST_TIMEOUT = 408;

/**
 * @param error whatever a route threw; what is no operating error is a bug of ours and is logged.
 */
export function answerTo(error: unknown, logger: Logger): ErrorAnswer {
  if (error instanceof RequestTimeoutError) {
    return { status: REQUEST_TIMEOUT, message: error.message };
  }
  if (error instanceof ClusterError) {
    const message = error instanceof TooLargeError ? error.message : managerWords(error);
    return { status: STATUS_OF[error.code].http, message };
  }
  const refused = frameworkRefusal(error);
  if (refused !== undefined) return refused;
  logger.error({ err: error }, "request failed");
  return { status: 500, message: error instanceof Error ? error.message : String(error) };
}

/** Fastify's own refusals (a malformed path) carry a status. */
function frameworkRefusal(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const status = error.statusCode;
  if (typeof status !== "number" || status < 400 || status >= 500) return undefined;
  return { status, message: error.message };
}

export async function sendError(reply: FastifyReply, answer: ErrorAnswer): Promise<void> {
  if (answer.status === REQUEST_TIMEOUT) reply.header("connection", "close");
  await reply.code(answer.status).send({ message: answer.message });
}
