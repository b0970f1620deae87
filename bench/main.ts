/**
 * `npm run bench -- NAME [--json]`: runs one benchmark and prints its figures, the machine, and what they are compared
 * with. Each benchmark is a file of its own beside this one.
 */
import { benchAgents } from "./agents.js";
import { benchApi } from "./api.js";
import { benchConverge } from "./converge.js";
import { benchGrowth } from "./growth.js";
import { benchLarge } from "./large.js";
import { benchNetwork } from "./network.js";
import { benchRaft } from "./raft.js";
import { benchRecover } from "./recover.js";
import { jsonReport, type Report, textReport } from "./report.js";
import { benchSchedule } from "./schedule.js";
import { benchSteady } from "./steady.js";
import { benchUpdate } from "./update.js";

/** Progress goes to standard error, so that the last line of standard output is the answer. */
export type Progress = (line: string) => void;

const BENCHES: Readonly<Record<string, (progress: Progress) => Promise<Report>>> = {
  agents: benchAgents,
  api: benchApi,
  schedule: benchSchedule,
  converge: benchConverge,
  growth: benchGrowth,
  large: benchLarge,
  network: benchNetwork,
  raft: benchRaft,
  recover: benchRecover,
  steady: benchSteady,
  update: benchUpdate,
};

const [name, ...flags] = process.argv.slice(2);
const bench = name === undefined ? undefined : BENCHES[name];
if (bench === undefined || flags.some((flag) => flag !== "--json")) {
  console.error(`usage: npm run bench -- ${Object.keys(BENCHES).join("|")} [--json]`);
  process.exitCode = 2;
} else {
  const report = await bench((line) => {
    console.error(line);
  });
  console.log(flags.includes("--json") ? jsonReport(report) : textReport(report));
}
