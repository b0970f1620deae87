/** Agents in several processes, spoken to as one. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { FleetAnswer, FleetOrder, FleetReport } from "./fleet-messages.js";

const PROGRAM = fileURLToPath(new URL("./fleet.js", import.meta.url));

export class Fleets {
  readonly #children: ChildProcess[] = [];

  /** Resolves once all have joined the cluster; their sessions begin by and by. */
  async join(order: Omit<FleetOrder, "name">, processes: number): Promise<void> {
    const agents = Math.ceil(order.agents / processes);
    await Promise.all(
      Array.from({ length: processes }, async (_, number) => {
        const child = fork(PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
        this.#children.push(child);
        await ask(child, { ...order, agents, name: `fleet${number}` });
      }),
    );
  }

  async report(): Promise<FleetReport> {
    const answers = await Promise.all(this.#children.map((child) => ask(child, "report")));
    const reports = answers.flatMap((answer) => (answer.kind === "report" ? [answer.report] : []));
    const sum = (of: (report: FleetReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0);
    return {
      connected: sum(({ connected }) => connected),
      heartbeatAgesMs: reports.flatMap(({ heartbeatAgesMs }) => heartbeatAgesMs),
      running: sum(({ running }) => running),
      started: sum(({ started }) => started),
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map(end));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

/** @throws Error the process ended instead. */
function ask(child: ChildProcess, question: FleetOrder | "report"): Promise<FleetAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("a process of agents ended"));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as FleetAnswer);
    });
    child.send(question);
  });
}
