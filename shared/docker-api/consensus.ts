/** What Docker has no words for: consensus as one manager sees it (`GET /skep/v1/swarm/raft`). */

export interface RaftReport {
  readonly memberId: string;
  readonly role: string;
  readonly term: number;
  readonly committedIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly log: { readonly firstIndex: number; readonly bytes: number };
  /** Absent before the first one. */
  readonly snapshot?: { readonly index: number; readonly term: number };
  readonly members: readonly RaftMemberReport[];
}

export interface RaftMemberReport {
  readonly memberId: string;
  /** Empty where the state does not name the node. */
  readonly nodeId: string;
  readonly hostname: string;
  readonly address: string;
  readonly role: "leader" | "follower" | "learner";
  readonly reachability: "reachable" | "unreachable";
  /** Index up to which the member has the log durably; known to the leader alone. */
  readonly match?: number;
}

/** What a backup is sent as: it is read as it comes, whatever its size. */
export const BACKUP_TYPE = "application/vnd.skep.backup";
