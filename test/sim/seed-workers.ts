/** Runs many seeds in processes of their own, as many at once as one likes. */
import { fork } from "node:child_process";

/** What a worker is given; its reports come back. */
export interface SeedBatch {
  readonly from: number;
  readonly to: number;
}

export interface Seeds {
  readonly seeds: number;
  readonly from: number;
  /** So many at once. */
  readonly workers: number;
}

/** At a time: enough that nobody waits, few enough that all end together. */
const BATCH_SEEDS = 20;

/** @param program reports on each batch that it is sent, in one message, until it is disconnected */
export async function runOnWorkers(
  program: string,
  { from, seeds, workers }: Seeds,
  onReports: (reports: unknown) => void,
): Promise<void> {
  const end = from + seeds;
  let next = from;
  const takeBatch = (): SeedBatch | undefined => {
    if (next >= end) return undefined;
    const batch = { from: next, to: Math.min(end, next + BATCH_SEEDS) };
    next = batch.to;
    return batch;
  };
  await Promise.all(
    Array.from({ length: Math.max(1, workers) }, () => driveWorker(program, takeBatch, onReports)),
  );
}

function driveWorker(
  program: string,
  takeBatch: () => SeedBatch | undefined,
  onReports: (reports: unknown) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [], { stdio: "inherit" });
    const giveWork = (): void => {
      const batch = takeBatch();
      if (batch === undefined) child.disconnect();
      else child.send(batch);
    };
    child.on("message", (reports) => {
      onReports(reports);
      giveWork();
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code ?? "a signal"}`));
    });
    giveWork();
  });
}
