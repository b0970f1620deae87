/**
 * Join tokens, `SWMTKN-1-<digest>-<secret>`, in the format that Docker's users know. The digest
 * pins the cluster's root, so that a joining host trusts nobody else; the secret says as what the
 * host may join, and can be rotated.
 */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import type { Random } from "../../../shared/ports/random.js";

export interface JoinToken {
  /** SHA-256 of the root certificate, base36. */
  readonly digest: string;
  readonly secret: string;
}

/** 256 bits in base36. */
const DIGEST_LENGTH = 50;
/** 129 bits in base36: beyond guessing. */
const SECRET_LENGTH = 25;
const PREFIX = "SWMTKN-1-";
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const TOKEN_PATTERN = /^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/;

export function newJoinSecret(random: Random): string {
  let secret = "";
  for (let i = 0; i < SECRET_LENGTH; i++) secret += DIGITS.charAt(random.below(DIGITS.length));
  return secret;
}

export function formatJoinToken(token: JoinToken): string {
  return `${PREFIX}${token.digest}-${token.secret}`;
}

/**
 * @throws InvalidArgumentError with what is wrong; the token itself is a
 *   secret and is not repeated.
 */
export function parseJoinToken(text: string): JoinToken {
  const [, digest, secret] = TOKEN_PATTERN.exec(text.trim()) ?? [];
  if (digest === undefined || secret === undefined) {
    throw new InvalidArgumentError(`invalid join token: ${complaint(text.trim())}`);
  }
  return { digest, secret };
}

/**
 * The digest of the root as it stands in tokens.
 * @param sha256 the 32 bytes over the certificate's DER.
 */
export function digestText(sha256: Uint8Array): string {
  let number = 0n;
  for (const byte of sha256) number = (number << 8n) | BigInt(byte);
  return number.toString(36).padStart(DIGEST_LENGTH, "0");
}

function complaint(text: string): string {
  if (!text.startsWith(PREFIX)) return `it must begin with ${PREFIX}`;
  const parts = text.slice(PREFIX.length).split("-");
  if (parts.length !== 2) return `it must have the form ${PREFIX}<digest>-<secret>`;
  const [digest = "", secret = ""] = parts;
  if (digest.length !== DIGEST_LENGTH) {
    return `its digest has ${digest.length} characters and not ${DIGEST_LENGTH}: was it copied whole?`;
  }
  if (secret.length !== SECRET_LENGTH) {
    return `its secret has ${secret.length} characters and not ${SECRET_LENGTH}: was it copied whole?`;
  }
  return "it may only have digits and small letters";
}
