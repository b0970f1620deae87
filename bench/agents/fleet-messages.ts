/** What the benchmark and a process full of agents say to each other. */

export interface FleetOrder {
  /** `host:port` of the manager. */
  readonly address: string;
  readonly token: string;
  readonly agents: number;
  /** Each fleet's own: agents are called by it, and keep their identities in it. */
  readonly name: string;
  readonly folder: string;
}

export interface FleetReport {
  /** Agents that have a session. */
  readonly connected: number;
  /** Of each agent with a session: how long ago its last heartbeat was acknowledged. */
  readonly heartbeatAgesMs: readonly number[];
  /** Containers that run. */
  readonly running: number;
  /** Containers that were ever started. */
  readonly started: number;
}

/** Once all have joined, and then after every question. */
export type FleetAnswer =
  { readonly kind: "joined" } | { readonly kind: "report"; readonly report: FleetReport };
