/** One run from its plan: the cluster, its clients and faults, then peace, then the verdict. */
import type { Violation } from "./facts.js";
import { schedule } from "./faults.js";
import { judgeHistory } from "./linearizable.js";
import { makePeace } from "./peace.js";
import type { Plan } from "./plan.js";
import { SimCluster } from "./sim-cluster.js";

export interface RunReport {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Of everything that happened: two runs of one seed have the same. */
  readonly fingerprint: string;
  readonly steps: number;
  readonly entries: number;
  readonly calls: number;
  readonly answered: number;
  /** Undefined where no majority was left. */
  readonly peaceTicks: number | undefined;
}

export async function runPlan(plan: Plan, tell?: (line: string) => void): Promise<RunReport> {
  const cluster = new SimCluster(plan, tell);
  const { facts, trace, clients, world } = cluster;
  const broke = (error: unknown): void => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    facts.violated("every error is handled", stack);
  };
  process.on("unhandledRejection", broke);
  let peaceTicks: number | undefined;
  try {
    cluster.found();
    clients.start(plan.faultsUntilMs);
    const endFaults = schedule(cluster, plan.faults);
    await cluster.run(plan.faultsUntilMs);
    if (facts.violation === undefined) {
      trace.say("peace");
      endFaults();
      const peace = await makePeace(cluster);
      if (peace.kind === "peace") peaceTicks = peace.tookTicks;
    }
    if (facts.violation === undefined) judge(cluster);
  } finally {
    process.off("unhandledRejection", broke);
  }
  const { violation } = facts;
  if (violation !== undefined) trace.say(`VIOLATED: ${violation.property}: ${violation.detail}`);
  const { calls } = clients.history;
  return {
    seed: plan.seed,
    violation,
    fingerprint: facts.fingerprint(`${world.steps} ${world.nowMs} ${calls.length}`),
    steps: world.steps,
    entries: facts.lastAppliedIndex,
    calls: calls.length,
    answered: calls.filter(({ end }) => end === "done").length,
    peaceTicks,
  };
}

function judge({ clients, facts }: SimCluster): void {
  const verdict = judgeHistory(clients.history.calls);
  if (verdict.kind === "not-linearizable") {
    const detail = `object ${verdict.key}, around ${JSON.stringify(verdict.stuckAt)}`;
    facts.violated("each object is linearizable", detail);
  } else if (verdict.kind === "too-large") {
    facts.violated("histories can be judged", `object ${verdict.key}: too many orders`);
  }
}
