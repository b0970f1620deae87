#!/usr/bin/env node
/** `skepd`: reads the command line, starts the daemon, ends it on a signal. */
import { hostname } from "node:os";

import { Command, InvalidArgumentError as InvalidOptionError, Option } from "commander";

import { ClusterError } from "../shared/errors/cluster-error.js";
import { LOG_LEVELS, type LogLevel, pinoLogger } from "../shared/ports/pino-logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import type { HostPort } from "../shared/rpc/host-port.js";
import { SKEP_VERSION } from "../shared/skep-version.js";
import { completeRemoteAddress, DEFAULT_LISTEN_ADDRESS, parseAddress } from "./advertise.js";
import { DEFAULT_ENGINE_SOCKET, ENGINE_CHOICES, type EngineChoice } from "./choose-engine.js";
import { parseGenericResources } from "./generic-resources.js";
import { NETWORK_CHOICES, type NetworkChoice, Skepd } from "./skepd.js";

interface Flags {
  readonly dataDir: string;
  readonly socket: string;
  readonly listenAddr: HostPort;
  readonly advertiseAddr?: string;
  readonly managerAddr: readonly string[];
  readonly engine: EngineChoice;
  readonly engineSocket: string;
  readonly networks: NetworkChoice;
  readonly hostname: string;
  readonly genericResource: readonly string[];
  readonly logLevel: LogLevel;
}

const program = new Command("skepd")
  .description(
    "The daemon of one host: a worker of the cluster, and a manager while its role says so.",
  )
  .version(`skepd ${SKEP_VERSION}`)
  .option("--data-dir <folder>", "where the state is kept", "/var/lib/skep")
  .option("--socket <path>", "unix socket of the public API", "/run/skep/skep.sock")
  .option(
    "--listen-addr <ip:port>",
    "where a manager listens for other hosts",
    readListenAddress,
    readListenAddress(DEFAULT_LISTEN_ADDRESS),
  )
  .option("--advertise-addr <address>", "address or interface that other hosts are told")
  .option(
    "--manager-addr <ip:port>",
    "where to look for a manager, beside those that are remembered; may be given several times",
    readManagerAddress,
    [],
  )
  .addOption(
    new Option("--engine <kind>", "what runs the tasks").choices(ENGINE_CHOICES).default("auto"),
  )
  .option("--engine-socket <path>", "socket of the Docker engine", DEFAULT_ENGINE_SOCKET)
  .addOption(
    new Option(
      "--networks <choice>",
      "whether this host's kernel may be given the cluster's networks",
    )
      .choices(NETWORK_CHOICES)
      .default("auto"),
  )
  .option("--hostname <name>", "what this host calls itself", hostname())
  .option(
    "--generic-resource <kind=name|kind=number>",
    "what this host has for tasks that ask for it: gpu=UUID1, or ssd=4; may be given several times",
    (text: string, before: readonly string[]) => [...before, text],
    [],
  )
  .addOption(
    new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"),
  )
  .parse();

await run(program.opts<Flags>());

async function run(flags: Flags): Promise<void> {
  const logger = pinoLogger(flags.logLevel);
  const fail = (error: unknown): void => {
    logger.error({ error }, "skepd must end");
    console.error(`skepd: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  };
  try {
    const skepd = await Skepd.start({
      dataDir: flags.dataDir,
      socketPath: flags.socket,
      listen: flags.listenAddr,
      advertise: flags.advertiseAddr,
      managers: flags.managerAddr,
      engine: flags.engine,
      engineSocket: flags.engineSocket,
      networks: flags.networks,
      hostname: flags.hostname,
      generics: parseGenericResources(flags.genericResource),
      programPath: process.env["PATH"] ?? "",
      clock: systemClock,
      random: systemRandom(),
      logger,
      onFatal: fail,
    });
    endOnSignal(skepd, fail);
  } catch (error) {
    // A stack is for our own bugs; what a user can mend is said in a line.
    if (error instanceof ClusterError) fail(error.message);
    else fail(error);
  }
}

function endOnSignal(skepd: Skepd, fail: (error: unknown) => void): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) process.exit(1); // asked twice: at once
      ending = true;
      skepd.close().then(() => process.exit(0), fail);
    });
  }
}

function readListenAddress(text: string): HostPort {
  try {
    return parseAddress("listen address", text, []);
  } catch (error) {
    throw new InvalidOptionError((error as Error).message);
  }
}

function readManagerAddress(text: string, before: readonly string[]): readonly string[] {
  try {
    return [...before, completeRemoteAddress(text)];
  } catch (error) {
    throw new InvalidOptionError((error as Error).message);
  }
}
