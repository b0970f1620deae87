/**
 * A simulated host: a disk that stays, and on it a manager's process that lives, dies and is
 * started again.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import { type Membership, votersOf } from "../../../manager/raft/core/membership.js";
import { membershipToText } from "../../../manager/raft/core/membership-text.js";
import { isFromLeader, type Message } from "../../../manager/raft/core/message.js";
import {
  DamagedLogError,
  StorageFailedError,
  StorageFullError,
} from "../../../manager/raft/log-errors.js";
import { RaftMember } from "../../../manager/raft/raft-member.js";
import { TryAgainError } from "../../../shared/errors/cluster-error.js";
import type { LogFields, Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import type { PowerCut } from "../simulated-disk.js";
import { SimulatedDisk } from "../simulated-disk.js";
import type { Facts } from "./facts.js";
import type { Network } from "./network.js";
import { Objects } from "./objects.js";
import type { RunSettings } from "./plan.js";
import { type DiskSpeed, ProcessDisk } from "./process-disk.js";
import { type ClockError, SimProcess } from "./sim-process.js";
import { streamSnapshot } from "./snapshot-stream.js";
import type { Timeline } from "./timeline.js";
import type { Trace } from "./trace.js";

export interface SimHostOptions {
  readonly id: MemberId;
  readonly beginning: "found" | "join";
  readonly world: Timeline;
  readonly random: Random;
  readonly network: Network;
  readonly facts: Facts;
  readonly trace: Trace;
  readonly settings: RunSettings;
  /** Something of it ran: it is to be looked at. */
  readonly onRun: (host: SimHost) => void;
  /** It has applied a change of the membership. */
  readonly onChange: (host: SimHost) => void;
}

export interface Life {
  readonly process: SimProcess;
  readonly objects: Objects;
  /** Undefined until it has been opened. */
  member: RaftMember | undefined;
  /** Calls of clients, which end with it. */
  readonly onDeath: Set<() => void>;
}

const DIR = "/raft";
/** Two rounds of asking for the quorum, on a clock that is a third slow, and some. */
const HEARING_MS = 2_500;
/** Of a disk that nothing is wrong with. */
export const USUAL_SPEED: DiskSpeed = { syncMs: 4, accessMs: 0 };
/** A process that ended for want of room, or by a failed sync, is started again by its supervisor. */
const SUPERVISOR_MS = 500;

export class SimHost {
  readonly id: MemberId;
  disk = new SimulatedDisk();
  /** `lost` for ever: its log is not readable any more, or it is thrown away. */
  state: "up" | "down" | "lost" = "down";
  life: Life | undefined;
  speed: DiskSpeed = USUAL_SPEED;
  #clock: ClockError = { rate: 1, wallOffsetMs: 0 };
  /** Bits of it were flipped: it may find its log damaged. */
  flipped = false;
  /** A sync is to fail: its process may end. */
  mayFail = false;
  /** Called before and after each operation of the disk. */
  onOperation: ((when: "before" | "after") => void) | undefined;
  readonly #options: SimHostOptions;
  readonly #random: Random;
  #lives = 0;
  /** The last one that was held against the facts. */
  #membership: Membership | undefined;
  #membersSeen: Membership | undefined;
  #membersSinceMs = 0;
  readonly #heardAtMs = new Map<MemberId, number>();
  #leadsSinceMs = Infinity;
  /** The last term in which it stood for election. */
  #stoodIn = 0;

  constructor(options: SimHostOptions) {
    this.#options = options;
    this.id = options.id;
    this.#random = options.random;
  }

  /** Undefined while no member is open there. */
  get member(): RaftMember | undefined {
    return this.life?.member;
  }

  /** It is lost, or may turn out to be at its next start. */
  get isDoubtful(): boolean {
    return this.flipped || this.state === "lost";
  }

  start(): void {
    if (this.state !== "down") return;
    const { world, trace } = this.#options;
    this.state = "up";
    const random = this.#random.fork(`life ${++this.#lives}`);
    const process = new SimProcess({
      world,
      random: random.fork("turns"),
      onRun: () => this.#options.onRun(this),
      onThrow: (error) => this.#broke(process, error),
    });
    process.setClock(this.#clock);
    const objects = new Objects(
      this.id,
      this.#options.facts,
      () => life.member?.status.term ?? Infinity,
    );
    const life: Life = { process, objects, member: undefined, onDeath: new Set() };
    this.life = life;
    trace.say(`${this.id} starts`);
    process.enter(() => this.#open(life, random));
  }

  /** @param cut undefined: only the process dies. */
  crash(cut: PowerCut | undefined): void {
    const { life } = this;
    if (life === undefined) return;
    const { capacityBytes } = this.disk;
    life.process.kill();
    this.#options.network.detach(this.id);
    this.life = undefined;
    this.state = "down";
    this.disk = cut === undefined ? this.disk.kill() : this.disk.cutPower(cut);
    this.disk.capacityBytes = capacityBytes;
    for (const died of life.onDeath) died();
  }

  /** How its clocks are wrong: from now on, and in its next lives. */
  setClock(clock: ClockError): void {
    this.#clock = clock;
    this.life?.process.setClock(clock);
  }

  /** After something of it ran: what must always hold. */
  check(facts: Facts): void {
    const { member, objects } = this.life ?? {};
    if (member === undefined || objects === undefined) return;
    const { role, term, lastIndex, appliedIndex, committedIndex, membership } = member.status;
    if (membership !== this.#membersSeen) {
      this.#membersSeen = membership;
      this.#membersSinceMs = this.#options.world.nowMs;
    }
    if (role === "candidate") this.#checkStanding(facts, term, votersOf(membership));
    if (role === "candidate" || role === "leader") facts.elects(term);
    else facts.isIn(this.id, term);
    if (role === "leader") {
      facts.leads(this.id, term, lastIndex);
      this.#checkHearing(facts, votersOf(membership));
    } else this.#leadsSinceMs = Infinity;
    if (objects.index > committedIndex) {
      const detail = `${this.id} applied up to ${objects.index}, committed is ${committedIndex}`;
      facts.violated("nothing is applied before it is committed", detail);
    }
    // While a snapshot is being installed, the membership is ahead of the state.
    if (appliedIndex < committedIndex || membership === this.#membership) return;
    this.#membership = membership;
    facts.membershipIs(this.id, appliedIndex, membershipToText(membership));
  }

  /** An election disturbs everyone: who was alone asks first, and hears nothing. */
  #checkStanding(facts: Facts, term: number, voters: readonly MemberId[]): void {
    if (term === this.#stoodIn || voters.every((id) => id === this.id)) return;
    this.#stoodIn = term;
    const fromMs = this.#options.world.nowMs - HEARING_MS;
    if ([...this.#heardAtMs.values()].some((atMs) => atMs >= fromMs)) return;
    const detail = `${this.id} stands in term ${term}, and heard nobody for ${HEARING_MS} ms`;
    facts.violated("who hears nobody calls no election", detail);
  }

  /** Who leads hears a majority of the voters now and then. */
  #checkHearing(facts: Facts, voters: readonly MemberId[]): void {
    const { world } = this.#options;
    this.#leadsSinceMs = Math.min(this.#leadsSinceMs, world.nowMs);
    const awakeSinceMs = this.life?.process.awakeSinceMs ?? 0;
    const fromMs = world.nowMs - HEARING_MS;
    const sinceMs = Math.max(this.#leadsSinceMs, awakeSinceMs, this.#membersSinceMs);
    if (sinceMs > fromMs) return;
    const heard = voters.filter((id) => id === this.id || (this.#heardAtMs.get(id) ?? 0) >= fromMs);
    if (heard.length > voters.length / 2) return;
    const detail = `${this.id} leads, and heard only ${heard.join(", ")} for ${HEARING_MS} ms`;
    facts.violated("who hears no majority does not lead", detail);
  }

  #open(life: Life, random: Random): void {
    const { world, network, settings, beginning, facts } = this.#options;
    const { process, objects } = life;
    const speed = (): DiskSpeed => this.speed;
    const disk = new ProcessDisk({
      disk: this.disk,
      process,
      world,
      random: random.fork("disk"),
      speed,
      onOperation: (when) => this.onOperation?.(when),
    });
    const opened = RaftMember.open({
      id: this.id,
      disk,
      dir: DIR,
      clock: process,
      random: random.fork("member"),
      logger: this.#logger(),
      stateMachine: objects,
      peers: {
        send: (messages) => {
          for (const message of messages) {
            if (isOfAnElection(message)) facts.elects(message.term);
            network.send(message);
          }
        },
        sendSnapshot: (message, chunks) => {
          const { index, membership } = message.snapshot;
          facts.membershipIs(this.id, index, membershipToText(membership));
          return streamSnapshot({ world, network, process }, message, chunks);
        },
      },
      beginning,
      onFatal: (error) => this.#broke(process, error),
      compaction: () => settings.compaction,
      sizes: settings.sizes,
      limits: settings.limits,
      defer: (turn) => process.defer(turn),
    });
    opened.then(
      (member) => {
        if (process.state === "dead") return;
        life.member = member;
        const heard = (from: MemberId): void => void this.#heardAtMs.set(from, world.nowMs);
        network.attach(this.id, { process, listener: member, heard });
      },
      (error: unknown) => this.#broke(process, error),
    );
  }

  /** The process ends by itself. */
  #broke(process: SimProcess, error: unknown): void {
    if (process.state === "dead") return;
    const { facts, trace, world } = this.#options;
    trace.say(`${this.id} ends: ${String(error)}`);
    this.crash(undefined);
    if (error instanceof DamagedLogError && this.flipped) {
      this.state = "lost";
    } else if (isOfTheDisk(error, this.mayFail)) {
      world.after(SUPERVISOR_MS, () => this.start());
    } else {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      facts.violated("no manager fails by itself", `${this.id}: ${stack}`);
    }
  }

  #logger(): Logger {
    const { facts, trace } = this.#options;
    const say = (fields: LogFields, message: string): void => {
      if (message === "the managers changed") {
        const { index, membership } = fields as { index: number; membership: Membership };
        facts.membershipChanged(this.id, index, membershipToText(membership));
        this.#options.onChange(this);
      }
      if (message === "a change of the managers did not fit") {
        facts.violated("changes of the managers fit", `${this.id}: ${String(fields["error"])}`);
      }
      trace.log(this.id, message, fields);
    };
    const logger: Logger = {
      debug: say,
      info: say,
      warn: say,
      error: say,
      child: () => logger,
    };
    return logger;
  }
}

/** Of one that is called, or won. */
function isOfAnElection(message: Message): boolean {
  const { kind } = message;
  return kind === "vote-request" ? message.phase === "vote" : isFromLeader(message);
}

function isOfTheDisk(error: unknown, mayFail: boolean): boolean {
  // Opened without room: as where it runs, it is to be tried again.
  if (error instanceof StorageFullError || error instanceof TryAgainError) return true;
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") return true;
  return error instanceof StorageFailedError && mayFail;
}
