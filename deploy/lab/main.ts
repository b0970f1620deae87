/**
 * `npm run lab -- up|down|status|exec|cut|mend|kill|stop|start|pause|resume|off|on`: real hosts on one
 * machine, to demonstrate and to debug clusters with. docs/laboratory.md is its manual.
 */
import { spawn } from "node:child_process";

import { Argument, Command, InvalidArgumentError, Option } from "commander";

import { ClusterError } from "../../shared/errors/cluster-error.js";
import { type DaemonName, DAEMONS, LIVE_RESTORE, type LiveRestore } from "./daemons.js";
import { type EngineRelease, ENGINES } from "./engine-release.js";
import { LabError } from "./lab-error.js";
import { Laboratory } from "./laboratory.js";
import { describeUp, statusTable } from "./present.js";
import { exitStatusOf } from "./run-program.js";
import { lookAt } from "./status.js";

const EXIT_FAILED = 1;
/** As a shell says it of a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;
/** A terminal and npm may each pass on one and the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;

interface UpFlags {
  readonly hosts: number;
  readonly managers: number;
  readonly liveRestore: LiveRestore;
  readonly engine: EngineRelease;
}

const program = new Command("npm run lab --")
  .description("Real hosts on one machine, each with a Docker engine and a skepd.")
  .configureHelp({ showGlobalOptions: true })
  .addOption(
    new Option("--dir <folder>", "the laboratory's folder")
      .env("SKEP_LAB_DIR")
      .makeOptionMandatory(),
  );

program
  .command("up")
  .description("make the hosts, and with --managers a cluster of them")
  .option("--hosts <number>", "how many hosts", wholeNumber, 3)
  .option(
    "--managers <number>",
    "how many of them are managers; 0: nobody joins anybody",
    wholeNumber,
    0,
  )
  .addOption(
    new Option("--live-restore <how>", "whether containers outlive their engine")
      .choices(LIVE_RESTORE)
      .default("off"),
  )
  .addOption(
    new Option("--engine <release>", "Docker's release, fetched where this machine has another")
      .choices(ENGINES)
      .default("installed"),
  )
  .action(up);
program
  .command("down")
  .description("take all of it away, also after a crash")
  .action(async () => {
    const outcome = await Laboratory.clear(dir());
    say(
      outcome === "gone"
        ? `nothing is left of the laboratory in ${dir()}`
        : `there was no laboratory in ${dir()}`,
    );
  });
program
  .command("status")
  .description("how each host is")
  .option("--json", "for programs")
  .action(async ({ json }: { readonly json?: true }) => {
    const hosts = await lookAt(lab());
    say(json === true ? JSON.stringify(hosts) : statusTable(hosts));
  });
program
  .command("exec")
  .description("run a command on a host, or in the network of the switch; without one, a shell")
  .argument("<host>")
  .argument("[command...]", "after --")
  .action(exec);

program
  .command("cut")
  .description("pull the host's cable; with another host, let these two hear each other no more")
  .argument("<host>")
  .argument("[other]")
  .action(async (host: string, other?: string) => {
    await lab().cut(host, other);
    say(`${host} is cut off${other === undefined ? "" : ` from ${other}, and only from there`}`);
  });
program
  .command("mend")
  .description("undo cut")
  .argument("<host>")
  .argument("[other]")
  .action(async (host: string, other?: string) => {
    await lab().mend(host, other);
    say(`${host} is connected${other === undefined ? "" : ` with ${other}`} again`);
  });
onHost("pause", "freeze all that runs on the host", (host) => lab().pause(host), "paused");
onHost("resume", "let it run again", (host) => lab().resume(host), "running again");
onHost("off", "pull the host's plug; what is on its disk stays", (host) => lab().off(host), "off");
onHost("on", "switch it on and start its daemons", (host) => lab().on(host), "on, and answers");
program
  .command("kill")
  .description("kill -9 a daemon of a host")
  .argument("<host>")
  .addArgument(new Argument("<daemon>").choices(DAEMONS))
  .action(async (host: string, daemon: DaemonName) => {
    await lab().kill(host, daemon);
    say(`${daemon} on ${host} is dead`);
  });
program
  .command("stop")
  .description("ask a daemon of a host to end")
  .argument("<host>")
  .addArgument(new Argument("<daemon>").choices(DAEMONS))
  .action(async (host: string, daemon: DaemonName) => {
    await lab().stop(host, daemon);
    say(`${daemon} on ${host} has ended`);
  });
program
  .command("start")
  .description("start it again")
  .argument("<host>")
  .addArgument(new Argument("<daemon>").choices(DAEMONS))
  .argument("[flags...]", "of the daemon, for this once; after --")
  .action(async (host: string, daemon: DaemonName, flags: readonly string[]) => {
    await lab().start(host, daemon, { flags });
    say(`${daemon} on ${host} is answering`);
  });

// The reader of a pipe (`… up | head -3`) or the terminal may go: no reason to leave half of a laboratory.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`lab: ${error.message}`);
  process.exitCode = process.exitCode ?? EXIT_FAILED;
}

async function up(flags: UpFlags): Promise<void> {
  const { signal } = interruptible();
  try {
    const made = await Laboratory.up({ ...flags, dir: dir(), signal, log: say });
    say(describeUp(made));
  } catch (error) {
    if (signal.aborted) process.exitCode = EXIT_INTERRUPTED;
    throw error;
  }
}

async function exec(host: string, command: readonly string[]): Promise<void> {
  const [name = process.env["SHELL"] ?? "sh", ...args] = command;
  const here = lab();
  const [first, ...rest] = here.wordsFor(host, [name, ...args]);
  const env = { ...process.env, ...here.environment() };
  const child = spawn(first, rest, { stdio: "inherit", env });
  // What is typed is for the command, which decides what it does about a Ctrl-C.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) process.on(signal, () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      resolve(code ?? exitStatusOf(signal));
    });
  });
}

function onHost(
  name: string,
  description: string,
  act: (host: string) => void | Promise<void>,
  outcome: string,
): void {
  program
    .command(name)
    .description(description)
    .argument("<host>")
    .action(async (host: string) => {
      await act(host);
      say(`${host} is ${outcome}`);
    });
}

/** The first Ctrl-C undoes what was made, which takes seconds; a second one says that it takes too long. */
function interruptible(): AbortController {
  const interrupted = new AbortController();
  let firstAtMs = Infinity;
  const interrupt = (): void => {
    const nowMs = performance.now();
    if (nowMs - firstAtMs > SAME_SIGNAL_MS) {
      console.error(`lab: something is left: npm run lab -- down --dir ${dir()}`);
      process.exit(EXIT_INTERRUPTED);
    }
    firstAtMs = Math.min(firstAtMs, nowMs);
    interrupted.abort(new LabError("interrupted"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  return interrupted;
}

function lab(): Laboratory {
  return Laboratory.open(dir());
}

function dir(): string {
  return program.opts<{ readonly dir: string }>().dir;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("want a whole number");
  return Number(text);
}
