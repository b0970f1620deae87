/** How a simulated container fares: how long it takes to come up, and what becomes of it. */
export interface ContainerLife {
  /** To fetch its image and make it. */
  readonly prepareMs: number;
  /** `missing`: it cannot be fetched. */
  readonly image: "there" | "missing";
  /** From the order to start it until its process begins. */
  readonly startMs: number;
  /** Without a health check it counts at once; with one, after a while or never. */
  readonly healthy: "at-once" | "never" | { readonly afterMs: number };
  /** From its beginning until its health check fails for good; absent: it does not. */
  readonly sickAfterMs?: number;
  /** From its beginning until it ends by itself; absent: it does not. */
  readonly endsAfterMs?: number;
  readonly exitCode: number;
  /** How long it takes to end when it is told to. */
  readonly stopMs: number;
}

/** Nothing of it takes time, and it runs until it is stopped. */
export const ORDINARY_LIFE: ContainerLife = {
  prepareMs: 0,
  image: "there",
  startMs: 0,
  healthy: "at-once",
  exitCode: 0,
  stopMs: 0,
};
