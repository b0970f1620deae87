/**
 * Memberships and their changes as text, for the log, the snapshots and the wire: JSON, of ASCII
 * alone because ids are. They are rare and small.
 */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import type { MemberId } from "./member-id.js";
import type { MemberChange, Membership, MembershipChange } from "./membership.js";

const CHANGE_KINDS: readonly unknown[] = ["add-voter", "add-learner", "remove"];
const JOINTS: readonly unknown[] = ["if-needed", "leave-automatically", "leave-on-request"];
const LISTS = ["voters", "outgoing", "learners", "learnersNext"] as const;

export function changeToText(change: MembershipChange): string {
  return JSON.stringify(change);
}

/** @throws InvalidArgumentError */
export function changeFromText(text: string): MembershipChange {
  const { kind, changes, joint } = parseObject(text);
  if (kind === "leave-joint") return { kind };
  if (kind === "change" && JOINTS.includes(joint) && Array.isArray(changes)) {
    if (changes.every(isMemberChange)) return { kind, changes, joint: joint as "if-needed" };
  }
  throw new InvalidArgumentError(`no change of a membership: ${text}`);
}

export function membershipToText(membership: Membership): string {
  return JSON.stringify(membership);
}

/** @throws InvalidArgumentError */
export function membershipFromText(text: string): Membership {
  const parsed = parseObject(text);
  if (LISTS.every((list) => isIds(parsed[list])) && typeof parsed["autoLeave"] === "boolean") {
    return parsed as unknown as Membership;
  }
  throw new InvalidArgumentError(`no membership: ${text}`);
}

/** @throws InvalidArgumentError */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidArgumentError(`no JSON: ${text}`, { cause });
  }
  throw new InvalidArgumentError(`no object: ${text}`);
}

function isMemberChange(value: unknown): value is MemberChange {
  if (typeof value !== "object" || value === null) return false;
  const { kind, id } = value as Partial<Record<string, unknown>>;
  return CHANGE_KINDS.includes(kind) && typeof id === "string" && id !== "";
}

function isIds(value: unknown): value is readonly MemberId[] {
  return Array.isArray(value) && value.every((id) => typeof id === "string");
}
