/**
 * A node whose certificate is not valid now is listened to by nobody, and cannot have it renewed
 * either: what is the matter, and what to do, in words. Its tasks run on.
 */
import type { CertifiedNode } from "../shared/rpc/tls-identity.js";

/**
 * Undefined where all is well.
 * @param nowWallMs by this host's clock, which may be what is wrong.
 */
export function certificateTrouble(node: CertifiedNode, nowWallMs: number): string | undefined {
  const { nodeId, validFromMs, validUntilMs } = node;
  const clock = `by this host's clock it is ${showDay(nowWallMs)}`;
  if (nowWallMs > validUntilMs) {
    return (
      `the certificate of node ${nodeId} expired on ${showDay(validUntilMs)}, and ${clock}: managers do not listen to it any more. ` +
      'If the clock is right, use "docker swarm leave" here and join again; ' +
      `then "docker node rm ${nodeId}" on a manager forgets the former node`
    );
  }
  if (nowWallMs < validFromMs) {
    return `the certificate of node ${nodeId} is valid from ${showDay(validFromMs)} on, and ${clock}: set the clock`;
  }
  return undefined;
}

/** `2026-03-01 12:30 UTC` */
function showDay(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
