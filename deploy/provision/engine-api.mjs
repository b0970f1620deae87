/**
 * The few calls of the Docker Engine API that setting up needs, over its unix socket with node
 * alone: this runs before any dependency is installed.
 */
import { request } from "node:http";

const PING_TIMEOUT_MS = 2_000; // A live engine answers in a few ms; a dead socket must not hold us up.
const CALL_TIMEOUT_MS = 60_000; // An import of a few MB takes a second; the rest is for a busy disk.

/**
 * @typedef {{
 *   method: string,
 *   path: string,
 *   headers?: Record<string, string>,
 *   body?: Buffer,
 *   timeoutMs?: number,
 * }} EngineCall
 * @typedef {{ status: number, text: string }} EngineAnswer
 */

/**
 * One request, its answer read whole. Rejects when nothing listens, or nothing comes in time.
 * @param {string} socket
 * @param {EngineCall} call
 * @returns {Promise<EngineAnswer>}
 */
export function callEngine(socket, call) {
  const { method, path, headers = {}, body, timeoutMs = CALL_TIMEOUT_MS } = call;
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath: socket,
      method,
      path,
      headers: { host: "docker", ...headers, "content-length": String(body?.length ?? 0) },
      signal: AbortSignal.timeout(timeoutMs),
    });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      /** @type {Buffer[]} */
      const chunks = [];
      answer.on("data", (/** @type {Buffer} */ chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sent.end(body);
  });
}

/**
 * Whether an engine answers on `socket`.
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
export async function pingEngine(socket) {
  try {
    const call = { method: "GET", path: "/_ping", timeoutMs: PING_TIMEOUT_MS };
    return (await callEngine(socket, call)).status === 200;
  } catch {
    return false; // No socket, nobody behind it, or no answer: all mean that there is no engine.
  }
}
