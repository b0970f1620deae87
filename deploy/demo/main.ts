/**
 * `npm run demo [-- --keep | --stop] [--engine auto|docker|process]`: a cluster on this machine that runs a service,
 * loses a task, grows, loses a host and gets it back, told step by step with the time that each took.
 */
import { Command, Option } from "commander";

import { systemClock } from "../../shared/ports/system-clock.js";
import { DemoCluster } from "./cluster.js";
import { DemoFailure } from "./demo-failure.js";
import { DEMO_ENGINES, type DemoEngine, type EngineWish, findEngine } from "./find-engine.js";
import { abandonedDemos, clearAway } from "./record.js";
import { ENDING, OPENING, type Stage } from "./story.js";
import { Teller } from "./teller.js";

interface Flags {
  readonly engine: EngineWish;
  readonly keep?: true;
  readonly stop?: true;
}

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
/** As a shell says it of a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;
/** A terminal and npm may each pass on one and the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;
const HOW_TO_STOP = "npm run demo -- --stop";

const flags = new Command("npm run demo --")
  .description("A cluster on this machine, from its start to its end in under a minute.")
  .addOption(
    new Option("--engine <kind>", "what runs the tasks").choices(DEMO_ENGINES).default("auto"),
  )
  .option("--keep", "leave the cluster and its service running")
  .option("--stop", "end what --keep left running")
  .parse()
  .opts<Flags>();

const teller = new Teller(process.stdout, systemClock);
const interrupted = new AbortController();
let interruptedAtMs = Infinity;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);

process.exitCode = flags.stop === true ? await stopAbandoned() : await play();
process.exit(); // daemons that are left running, and idle connections, hold nobody up

/** The first time everything is cleared away, which takes seconds; a second time says that it takes too long. */
function interrupt(): void {
  const nowMs = systemClock.nowMs();
  if (nowMs - interruptedAtMs > SAME_SIGNAL_MS) {
    teller.fail(`something is left: ${HOW_TO_STOP}`);
    process.exit(EXIT_INTERRUPTED);
  }
  interruptedAtMs = Math.min(interruptedAtMs, nowMs);
  interrupted.abort(new DemoFailure("interrupted"));
}

async function stopAbandoned(): Promise<number> {
  const demos = abandonedDemos();
  for (const demo of demos) {
    await clearAway(demo, systemClock);
    teller.say(`ended the demo in ${demo.folder}`);
  }
  if (demos.length === 0) teller.say("no demo was left running");
  return EXIT_DONE;
}

async function play(): Promise<number> {
  const beganMs = systemClock.nowMs();
  let stage: Stage | undefined;
  let exitStatus = EXIT_DONE;
  try {
    const { signal } = interrupted;
    const engine = await findEngine(flags.engine, process.env["DOCKER_HOST"], signal);
    teller.say(introduction(engine));
    stage = { engine, cluster: new DemoCluster(engine, systemClock, signal) };
    await teller.tellAll(OPENING, stage);
    if (flags.keep === true) {
      stage.cluster.abandon();
      teller.say(farewell(stage.cluster));
      return EXIT_DONE;
    }
    await teller.tellAll(ENDING, stage);
  } catch (error) {
    exitStatus = explain(error, stage);
  }
  try {
    await stage?.cluster.clearAway();
  } catch (error) {
    teller.fail(`something is left: ${describe(error)}\n${HOW_TO_STOP}`);
    return EXIT_FAILED;
  }
  const tookS = ((systemClock.nowMs() - beganMs) / 1000).toFixed(0);
  teller.say(`Everything was cleared away. ${tookS} s in all.`);
  return exitStatus;
}

/** @returns the exit status that says it to programs. */
function explain(error: unknown, stage: Stage | undefined): number {
  if (interrupted.signal.aborted) {
    teller.fail("interrupted");
    return EXIT_INTERRUPTED;
  }
  teller.fail(describe(error));
  if (stage !== undefined) console.error(`\n${stage.cluster.logTails()}\n`);
  return EXIT_FAILED;
}

/** What is no failure of the demo is a bug, and wants its stack. */
function describe(error: unknown): string {
  if (error instanceof DemoFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function introduction(engine: DemoEngine): string {
  return engine.kind === "docker"
    ? `A cluster on this machine. Tasks are containers of the Docker engine ${engine.version} at ${engine.socket}, from the image ${engine.image.name}.`
    : `A cluster on this machine. Tasks are plain processes (${engine.reason}).`;
}

function farewell({ manager }: DemoCluster): string {
  return `
The cluster is left running. Talk to it:

  export DOCKER_HOST=unix://${manager.socket}
  docker service ls
  npx skep service ps web
  npx skep service scale web=3

End it:

  ${HOW_TO_STOP}
`;
}
