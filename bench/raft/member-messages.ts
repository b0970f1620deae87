/** What the benchmark and the process of one manager say to each other. */

export interface MemberOrder {
  readonly kind: "start";
  readonly id: string;
  readonly beginning: "found" | "join";
  readonly port: number;
  /** Where each member is reached, by its id. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly rootPem: string;
}

export interface LoadOrder {
  readonly kind: "load";
  /** Proposals that are under way at any time. */
  readonly inFlight: number;
  readonly entryBytes: number;
  /** Not counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export type MemberQuestion =
  | MemberOrder
  | LoadOrder
  | { readonly kind: "add-voter"; readonly id: string }
  | { readonly kind: "status" };

export interface LoadFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all processes together, per entry: what is left to compare on a machine that others use. */
  readonly cpuUs: number;
  /** Of clients in processes of their own, per entry. */
  readonly clientCpuUs?: number;
}

/** As its callers see it. */
export type LoadLatencies = Omit<LoadFigures, "cpuUs" | "clientCpuUs">;

export type MemberAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "load"; readonly figures: LoadLatencies }
  | {
      readonly kind: "status";
      /** Index of the last entry that this member has applied. */
      readonly applied: number;
      readonly digest: number;
      readonly cpuMs: number;
    };
