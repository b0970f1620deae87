/** A manager's part in real consensus: a disk that stays, and on it, while its process lives, a member. */
import type { CompactionSettings } from "../../../manager/raft/compactor.js";
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import { RaftMember } from "../../../manager/raft/raft-member.js";
import type { ReplicatedLog, StateMachine } from "../../../manager/raft/replicated-log.js";
import type { SegmentSizes } from "../../../manager/raft/segment.js";
import { Store } from "../../../manager/store/store.js";
import { silentLogger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import type { Life, Seat } from "../cluster/consensus.js";
import type { Network } from "../raft/network.js";
import { type DiskSpeed, ProcessDisk } from "../raft/process-disk.js";
import { streamSnapshot } from "../raft/snapshot-stream.js";
import type { World } from "../raft/timeline.js";
import { type PowerCut, SimulatedDisk } from "../simulated-disk.js";
import type { Chronicle } from "./chronicle.js";

export interface SeatSettings {
  readonly compaction: CompactionSettings;
  readonly sizes: SegmentSizes;
}

export interface RaftSeatOptions {
  readonly id: MemberId;
  /** It begins the cluster, or is taken in. */
  readonly beginning: "found" | "join";
  readonly world: World;
  readonly network: Network;
  readonly chronicle: Chronicle;
  readonly settings: SeatSettings;
  readonly onFailed: (error: unknown) => void;
  readonly onLeadership: () => void;
}

/** What there is of it while its process lives and its state is recovered. */
export interface SeatLife {
  readonly life: Life;
  readonly store: Store;
  member: RaftMember | undefined;
}

const DIR = "/raft";
export const USUAL_SPEED: DiskSpeed = { syncMs: 2, accessMs: 0 };
/** What a turn of the event loop takes at most: messages that come meanwhile share the next one. */
const TURN_MS = 2;

export class RaftSeat implements Seat {
  readonly id: MemberId;
  speed: DiskSpeed = USUAL_SPEED;
  #disk = new SimulatedDisk();
  readonly #options: RaftSeatOptions;
  #present: SeatLife | undefined;

  constructor(options: RaftSeatOptions) {
    this.#options = options;
    this.id = options.id;
  }

  get present(): SeatLife | undefined {
    return this.#present;
  }

  begin(life: Life): void {
    const store = new Store({ clock: life.process, logger: silentLogger });
    const present: SeatLife = { life, store, member: undefined };
    this.#present = present;
    this.#open(present, life.random.fork("raft")).then(
      (member) => {
        if (this.#present === present) this.#opened(present, member);
      },
      (error: unknown) => {
        if (life.process.state !== "dead") this.#options.onFailed(error);
      },
    );
  }

  end(cut: PowerCut | undefined): void {
    const { chronicle, network } = this.#options;
    network.detach(this.id);
    chronicle.died(this.id);
    this.#present = undefined;
    this.#disk = cut === undefined ? this.#disk.kill() : this.#disk.cutPower(cut);
  }

  #opened(present: SeatLife, member: RaftMember): void {
    const { life, store } = present;
    present.member = member;
    store.connect(this.#heardLog(member));
    const station = { process: life.process, listener: member, heard: () => undefined };
    this.#options.network.attach(this.id, station);
    life.opened(store);
  }

  #open({ life, store }: SeatLife, random: Random): Promise<RaftMember> {
    const { world, network, settings, beginning, onFailed } = this.#options;
    const { process } = life;
    const turns = random.fork("turns");
    const speed = (): DiskSpeed => this.speed;
    const ofDisk = { disk: this.#disk, process, world, random: random.fork("disk"), speed };
    return RaftMember.open({
      id: this.id,
      disk: new ProcessDisk({ ...ofDisk, onOperation: () => undefined }),
      dir: DIR,
      clock: process,
      random: random.fork("member"),
      logger: silentLogger,
      stateMachine: this.#heardStore(life, store),
      peers: {
        send: (messages) => {
          for (const message of messages) network.send(message);
        },
        sendSnapshot: (message, chunks) =>
          streamSnapshot({ world, network, process }, message, chunks),
      },
      beginning,
      onFatal: onFailed,
      compaction: () => settings.compaction,
      sizes: settings.sizes,
      defer: (turn) => {
        world.after(turns.below(TURN_MS * 1_000) / 1_000, () => process.enter(turn));
      },
    });
  }

  /** The store, with what the log tells it held against what others were told. */
  #heardStore(life: Life, store: Store): StateMachine {
    const { chronicle, onLeadership } = this.#options;
    return {
      apply: (entries) => {
        chronicle.applies(this.id, entries);
        store.apply(entries);
        chronicle.holds(this.id, store);
      },
      snapshot: () => store.snapshot(),
      restore: async (chunks) => {
        await store.restore(chunks);
        chronicle.holds(this.id, store);
      },
      leadershipChanged: (leadership) => {
        store.leadershipChanged(leadership);
        life.leadershipChanged(leadership);
        onLeadership();
      },
    };
  }

  /** The log, with what it acknowledges held against what is committed. */
  #heardLog(member: RaftMember): ReplicatedLog {
    const { chronicle } = this.#options;
    return {
      get leadership() {
        return member.leadership;
      },
      propose: (data) => {
        chronicle.proposed(this.id, data);
        const outcome = member.propose(data);
        outcome.then(
          (receipt) => chronicle.acknowledged(this.id, data, receipt),
          () => chronicle.givenUp(data),
        );
        return outcome;
      },
      readIndex: (signal) => member.readIndex(signal),
      compact: () => member.compact(),
      close: () => member.close(),
    };
  }
}
