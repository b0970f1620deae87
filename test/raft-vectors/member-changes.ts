/** Changes of a membership as the vectors write them: `v1 l2 r3 u4`. */
import type { MemberId } from "../../manager/raft/core/member-id.js";
import type { MemberChange } from "../../manager/raft/core/membership.js";

const KINDS = { v: "add-voter", l: "add-learner", r: "remove" } as const;

/** `u` updates a member and changes nothing here; 0 is the id of nobody. */
export function parseChanges(text: string): MemberChange[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => {
      const kind = KINDS[word.charAt(0) as keyof typeof KINDS] as MemberChange["kind"] | undefined;
      const id = word.slice(1);
      if (kind === undefined && !word.startsWith("u")) throw new Error(`no change: ${word}`);
      return kind === undefined || id === "0" ? [] : [{ kind, id: id as MemberId }];
    });
}

export function describeChanges(changes: readonly MemberChange[]): string {
  const letters = { "add-voter": "v", "add-learner": "l", remove: "r" } as const;
  return changes.map(({ kind, id }) => `${letters[kind]}${id}`).join(" ");
}
