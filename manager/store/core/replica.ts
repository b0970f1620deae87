/** Everything that is replicated: the tables, the answered requests, and the hash over both. */
import { Requests } from "./requests.js";
import { StateHash } from "./state-hash.js";
import { Tables } from "./tables.js";

export interface Replica {
  readonly tables: Tables;
  readonly requests: Requests;
  readonly hash: StateHash;
}

export function emptyReplica(): Replica {
  return { tables: new Tables(), requests: new Requests(), hash: new StateHash() };
}
