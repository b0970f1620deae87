/**
 * A process full of agents: the real ones, with certificates and sessions of their own over real connections, each on
 * an engine in memory. Told what to do by its parent (`fleet-messages.ts`), and ends with it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { joinCluster } from "../../node/identity.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { seededRandom } from "../../shared/ports/random.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { SimulatedEngine } from "../../test/sim/simulated-engine.js";
import { Agent } from "../../worker/agent/agent.js";
import { dispatcherConnector, reachHost } from "../../worker/agent/dispatcher-client.js";
import type { Conversation } from "../../worker/agent/session.js";
import { TaskDb } from "../../worker/agent/task-db.js";
import type { FleetAnswer, FleetOrder, FleetReport } from "./fleet-messages.js";

const NO_FAULTS = { lostAnswersPerMille: 0, refusalsPerMille: 0 };
/** Hosts that join at once; a person who makes a thousand of them does not wait for each. */
const JOINING_AT_ONCE = 4;
const JOIN_LIMIT_MS = 30_000;

class FleetAgent {
  readonly engine: SimulatedEngine;
  started = 0;
  running = 0;
  /** Undefined while there is no session. */
  heardAtMs: number | undefined;
  readonly #order: FleetOrder;
  readonly #name: string;

  constructor(order: FleetOrder, number: number) {
    this.#order = order;
    this.#name = `${order.name}-${number}`;
    this.engine = new SimulatedEngine(systemClock, seededRandom(this.#name), NO_FAULTS);
    this.engine.onAct = ({ kind }) => {
      if (kind === "start") this.started++;
      this.running += kind === "start" ? 1 : kind === "stop" ? -1 : 0;
    };
  }

  /** Joins, and begins to run for ever. */
  async begin(): Promise<void> {
    const { address, token, folder } = this.#order;
    const dataDir = join(folder, this.#name);
    mkdirSync(dataDir, { recursive: true });
    const signal = AbortSignal.timeout(JOIN_LIMIT_MS);
    const joining = { address, token, dataDir, availability: "active", signal } as const;
    const identity = await joinCluster({ ...joining, clock: systemClock });
    const connect = dispatcherConnector({ kind: "member", identity }, systemClock);
    const agent = new Agent({
      engine: this.engine,
      hostname: this.#name,
      managers: [address],
      connect: (manager) => this.#listened(connect(manager)),
      reach: reachHost,
      onState: ({ kind }) => {
        this.heardAtMs = kind === "connected" ? systemClock.nowMs() : undefined;
      },
      memory: new TaskDb({ folder: dataDir, clock: systemClock, logger: silentLogger }),
      clock: systemClock,
      random: seededRandom(this.#name),
      logger: silentLogger,
    });
    agent.run({ signal: new AbortController().signal }).catch((error: unknown) => {
      console.error(`${this.#name} ended`, error);
      process.exit(1);
    });
  }

  #listened(conversation: Conversation): Conversation {
    const hear = (): void => {
      this.heardAtMs = systemClock.nowMs();
    };
    return {
      send: (message) => conversation.send(message),
      cancel: () => conversation.cancel(),
      messages: (async function* () {
        for await (const message of conversation.messages) {
          if (message.kind === "heartbeat-received") hear();
          yield message;
        }
      })(),
    };
  }
}

const fleet: FleetAgent[] = [];

process.on("message", (order: FleetOrder | "report") => {
  if (order === "report") {
    answer({ kind: "report", report: report() });
    return;
  }
  beginAll(order).then(
    () => answer({ kind: "joined" }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));

async function beginAll(order: FleetOrder): Promise<void> {
  for (let number = 0; number < order.agents; number++) fleet.push(new FleetAgent(order, number));
  const waiting = [...fleet];
  const workers = Array.from({ length: JOINING_AT_ONCE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next.begin();
  });
  await Promise.all(workers);
}

function report(): FleetReport {
  const nowMs = systemClock.nowMs();
  const heard = fleet.flatMap(({ heardAtMs }) => (heardAtMs === undefined ? [] : [heardAtMs]));
  return {
    connected: heard.length,
    heartbeatAgesMs: heard.map((atMs) => nowMs - atMs),
    running: fleet.reduce((sum, { running }) => sum + running, 0),
    started: fleet.reduce((sum, { started }) => sum + started, 0),
  };
}

function answer(message: FleetAnswer): void {
  process.send?.(message);
}
