/**
 * Why a connection was not made, or did not last, in the words of whoever has to mend it. What gRPC,
 * Node and OpenSSL say is written for those who wrote them.
 */

/** The first that fits. Nothing fits: the reason as it came is better than none. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "connection refused: nobody listens there"],
  [/EHOSTUNREACH|ENETUNREACH/, "no route leads to this host"],
  [/ETIMEDOUT/, "the host does not answer"],
  [/EADDRNOTAVAIL|EINVAL/, "no host can be reached at this address from here"],
  [
    /certificate is not yet valid/,
    "its certificate is not valid yet by this host's clock: compare the clocks of both hosts",
  ],
  [
    /certificate has expired/,
    "its certificate has expired by this host's clock: compare the clocks of both hosts",
  ],
  [
    /self-signed certificate|unable to (?:get|verify)|certificate signature failure/,
    "its certificate is not one of this swarm",
  ],
  // What a TLS client gets from a server of plain HTTP, SSH, or an older TLS.
  [/SSL routines|EPROTO/, "it does not speak TLS 1.3, so it is no manager"],
  [/Protocol error/, "it does not speak gRPC, so it is no manager"],
  [/disconnected before secure TLS/, "it closed the connection at once"],
];

/** @param details what gRPC gives as a call's details. */
export function connectionWords(details: string): string {
  const reason = innermost(details);
  const known = WORDS.find(([pattern]) => pattern.test(reason));
  return known?.[1] ?? reason.replace(/^(?:[A-Z]\w*)?Error: /, "");
}

/** Of a connection that was not made, gRPC tells of its resolver and balancer: only why matters. */
function innermost(details: string): string {
  const reason = /No connection established\. Last error: (?<reason>.+?)\. Resolution/s;
  return reason.exec(details)?.groups?.["reason"] ?? details;
}
