/**
 * Finds a small set of faults that still violates the same property: leaves out more and more of
 * them, first in large parts, then one by one (Zeller's ddmin, without the complements).
 */
import { type Fault, type Plan, withFaults } from "./plan.js";
import { runPlan, type RunReport } from "./run-seed.js";

export interface Shrunk {
  readonly faults: readonly Fault[];
  readonly runs: number;
}

/** What a run came to, as far as it matters here. */
type Run = (plan: Plan) => Promise<Pick<RunReport, "violation">>;

export async function shrink(plan: Plan, run: Run = runPlan): Promise<Shrunk> {
  let { faults } = plan;
  let runs = 1;
  const { violation } = await run(plan);
  const fails = async (kept: readonly Fault[]): Promise<boolean> => {
    runs++;
    const report = await run(withFaults(plan, (fault) => kept.includes(fault)));
    return report.violation?.property === violation?.property;
  };
  for (let part = Math.ceil(faults.length / 2); part >= 1;) {
    let less = false;
    for (let at = 0; at < faults.length;) {
      const kept = [...faults.slice(0, at), ...faults.slice(at + part)];
      if (await fails(kept)) {
        faults = kept;
        less = true;
      } else at += part;
    }
    if (part > 1) part = Math.ceil(part / 2);
    else if (!less) break;
  }
  return { faults, runs };
}
