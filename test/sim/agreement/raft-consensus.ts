/**
 * Managers that really agree: each has a log file on a simulated disk, and messages between them go
 * the way of the network that their hosts share with the agents. Who leads is what they make of it.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { Transaction } from "../../../manager/store/store-access.js";
import { NoLeaderError } from "../../../shared/errors/cluster-error.js";
import {
  type Consensus,
  type ConsensusGround,
  QUICK_MS,
  type Seat,
  USUAL_COMMIT_MS,
} from "../cluster/consensus.js";
import { Network, type Weather } from "../raft/network.js";
import type { World } from "../raft/timeline.js";
import { Chronicle } from "./chronicle.js";
import { RaftSeat, type SeatLife, type SeatSettings, USUAL_SPEED } from "./raft-seat.js";

export interface RaftSettings extends SeatSettings {
  readonly weather: Weather;
}

const LOOK_MS = 50;
/** A cluster in which nothing has happened yet comes together sooner. */
const FOUNDED_WITHIN_MS = 30_000;

export class RaftConsensus implements Consensus {
  leaderSinceMs = 0;
  readonly chronicle: Chronicle;
  readonly network: Network;
  readonly #ground: ConsensusGround;
  readonly #seats = new Map<string, RaftSeat>();

  constructor(ground: ConsensusGround, { weather, ...settings }: RaftSettings) {
    const { clock, names, onFailed, random } = ground;
    this.#ground = ground;
    this.chronicle = new Chronicle(clock);
    const world: World = {
      get nowMs() {
        return clock.nowMs();
      },
      // Whole ones: between fractions, a wait may be too short to move time on.
      after: (delayMs, callback) => clock.after(Math.ceil(delayMs), callback),
    };
    this.network = new Network(world, random.fork("network"));
    this.network.weather = weather;
    this.network.isCableOpen = (from, to) => ground.network.link(from, to).state === "open";
    const { chronicle, network } = this;
    const onLeadership = (): void => void (this.leaderSinceMs = clock.nowMs());
    const base = { world, network, chronicle, settings, onFailed, onLeadership };
    names.forEach((name, i) => {
      const beginning = i === 0 ? "found" : "join";
      this.#seats.set(name, new RaftSeat({ ...base, id: name as MemberId, beginning }));
    });
  }

  get store(): Chronicle["store"] {
    return this.chronicle.store;
  }

  set onWrong(onWrong: Consensus["onWrong"]) {
    this.chronicle.onWrong = onWrong;
  }

  get onWrong(): Consensus["onWrong"] {
    return this.chronicle.onWrong;
  }

  get leader(): string | undefined {
    return this.#leading?.id;
  }

  get commitMs(): number {
    return this.chronicle.commitMs;
  }

  /** Whoever leads, and a majority with it, is awake, in reach and has a good disk. */
  get isQuick(): boolean {
    const leading = this.#leading;
    if (leading === undefined || this.chronicle.waitingMs(leading.id) > QUICK_MS) return false;
    const near = [...this.#seats.values()].filter((seat) => {
      const { life, member } = seat.present ?? {};
      if (member === undefined || life?.process.state !== "awake") return false;
      if (seat.speed.syncMs > QUICK_MS) return false;
      const [to, from] = [[leading.id, seat.id] as const, [seat.id, leading.id] as const];
      return seat === leading || (this.network.isOpen(...to) && this.network.isOpen(...from));
    });
    return near.includes(leading) && near.length > this.#seats.size / 2;
  }

  seat(name: string): Seat {
    return this.#seatOf(name);
  }

  async found(startManagers: () => void, write: (tx: Transaction) => void): Promise<void> {
    const { names } = this.#ground;
    startManagers();
    const others = names.slice(1).map((name) => name as MemberId);
    if (others.length > 0) {
      await this.#until(() => this.leader !== undefined);
      const changes = others.map((id) => ({ kind: "add-voter", id }) as const);
      const change = { kind: "change", changes, joint: "if-needed" } as const;
      await this.#settled(this.#leading?.present?.member?.changeMembership(change));
    }
    await this.#until(() => this.leader !== undefined);
    await this.#settled(this.update(write));
  }

  elect(name: string | undefined): void {
    if (name === undefined) return;
    const { life, member } = this.#leading?.present ?? {};
    life?.process.enter(() => member?.transferLead(name as MemberId));
  }

  beSlow(commitMs: number): void {
    if (commitMs === USUAL_COMMIT_MS) {
      for (const seat of this.#seats.values()) seat.speed = USUAL_SPEED;
    } else if (this.#leading !== undefined) {
      this.#leading.speed = { ...USUAL_SPEED, syncMs: commitMs };
    }
  }

  update<T>(write: (tx: Transaction) => T): Promise<T> {
    const present = this.#leading?.present;
    if (present === undefined) return Promise.reject(new NoLeaderError("nobody leads"));
    return this.#asked(present, write);
  }

  /** Nothing is heard of it where the process dies meanwhile. */
  #asked<T>({ life, store }: SeatLife, write: (tx: Transaction) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      life.process.enter(() => {
        store.update(write).then(resolve, reject);
      });
    });
  }

  /** Who believes to lead in the newest term. */
  get #leading(): RaftSeat | undefined {
    let newest: RaftSeat | undefined;
    for (const seat of this.#seats.values()) {
      const { leadership } = seat.present?.member ?? {};
      if (leadership?.kind !== "leader") continue;
      const term = newest?.present?.member?.leadership.term ?? 0;
      if (leadership.term > term) newest = seat;
    }
    return newest;
  }

  #seatOf(name: string): RaftSeat {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`${name} is no manager`);
    return seat;
  }

  async #settled(promise: Promise<unknown> | undefined): Promise<void> {
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    promise?.then(settled, settled);
    await this.#until(() => isSettled);
    await promise;
  }

  async #until(holds: () => boolean): Promise<void> {
    const { clock } = this.#ground;
    const endMs = clock.nowMs() + FOUNDED_WITHIN_MS;
    while (!holds()) {
      if (clock.nowMs() > endMs) throw new Error("the managers do not come together");
      await clock.advance(LOOK_MS);
    }
  }
}
