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
import { ENDING, OPENING, type Step } from "./story.js";
import { Teller } from "./teller.js";

interface Flags {
  readonly engine: EngineWish;
  readonly keep?: true;
  readonly stop?: true;
}

const EXIT_INTERRUPTED = 130;

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
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interrupted.abort(new DemoFailure("interrupted"));
  });
}

if (flags.stop === true) await stopAbandoned();
else await play();

async function stopAbandoned(): Promise<void> {
  const demos = abandonedDemos();
  for (const demo of demos) {
    await clearAway(demo, systemClock);
    teller.say(`ended the demo in ${demo.folder}`);
  }
  if (demos.length === 0) teller.say("no demo was left running");
}

async function play(): Promise<void> {
  const { signal } = interrupted;
  let cluster: DemoCluster | undefined;
  try {
    const engine = await findEngine(flags.engine, process.env["DOCKER_HOST"], signal);
    teller.say(introduction(engine));
    cluster = new DemoCluster(engine, systemClock, signal);
    await tell(OPENING, cluster, engine);
    if (flags.keep === true) {
      teller.say(farewell(cluster));
      process.exit(0);
    }
    await tell(ENDING, cluster, engine);
  } catch (error) {
    const words = error instanceof DemoFailure ? error.message : String((error as Error).stack);
    if (signal.aborted) teller.fail("interrupted: clearing everything away");
    else teller.fail(`${words}\n\n${cluster?.logTails() ?? ""}`);
    process.exitCode = signal.aborted ? EXIT_INTERRUPTED : 1;
  }
  await cluster?.clearAway();
  if (process.exitCode === undefined) teller.say("Nothing is left of the demo.");
  process.exit();
}

async function tell(
  steps: readonly Step[],
  cluster: DemoCluster,
  engine: DemoEngine,
): Promise<void> {
  for (const step of steps) {
    await teller.tell(step.doing, step.done, () => step.act({ cluster, engine }));
  }
}

function introduction(engine: DemoEngine): string {
  return engine.kind === "docker"
    ? `Tasks are containers of the Docker engine ${engine.version} at ${engine.socket}, from the image ${engine.image.name}.`
    : `Tasks are plain processes of this machine (${engine.reason}).`;
}

function farewell({ manager }: DemoCluster): string {
  return `
The cluster is left running. Talk to it:

  export DOCKER_HOST=unix://${manager.socket}
  docker service ls
  npx skep service ps web
  npx skep service scale web=3

End it:

  npm run demo -- --stop
`;
}
