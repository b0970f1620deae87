/**
 * The network between simulated managers: each way between two of them may lose, delay, double and
 * reorder messages, and be cut. What is sent to a process that is not there is lost.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { Message } from "../../../manager/raft/core/message.js";
import type { PeerListener } from "../../../manager/raft/peers.js";
import type { Random } from "../../../shared/ports/random.js";
import type { HostProcess } from "./sim-process.js";
import type { World } from "./timeline.js";

/** How messages fare on their way. */
export interface Weather {
  /** Of a thousand. */
  readonly lost: number;
  readonly doubled: number;
  /** So many take up to ten times as long as the others may. */
  readonly late: number;
  readonly delayMs: number;
  readonly order: "kept" | "any";
}

export const FAIR_WEATHER: Weather = {
  lost: 0,
  doubled: 0,
  late: 0,
  delayMs: 3,
  order: "kept",
};

/** One way from a host to another. */
class Way {
  state: "open" | "cut" = "open";
  weather: Weather | undefined;
  readonly random: Random;
  arrivesAtMs = 0;

  constructor(random: Random) {
    this.random = random;
  }
}

/** Who listens at a host, while somebody does. */
export interface Station {
  readonly process: HostProcess;
  readonly listener: PeerListener;
  /** Something came from there. */
  heard(from: MemberId): void;
}

/** Of a thousand messages that are lost, so many are noticed by who sent them. */
const NOTICED_LOSSES = 300;
const NOTICED_WITHIN_MS = 200;

export class Network {
  /** Where a way has none of its own. */
  weather: Weather = FAIR_WEATHER;
  /** Of a thousand chunks of snapshots, so many are the last of their stream. */
  breaksStreams = 0;
  /** What the two hosts' way is otherwise, where they talk of other things as well. */
  isCableOpen: (from: MemberId, to: MemberId) => boolean = () => true;
  /** Called with each message that somebody sends, before anything becomes of it. */
  onSend: ((message: Message) => void) | undefined;
  readonly #world: World;
  readonly #random: Random;
  readonly #ways = new Map<string, Way>();
  readonly #stations = new Map<MemberId, Station>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  attach(id: MemberId, station: Station): void {
    this.#stations.set(id, station);
  }

  detach(id: MemberId): void {
    this.#stations.delete(id);
  }

  station(id: MemberId): Station | undefined {
    return this.#stations.get(id);
  }

  cut(from: MemberId, to: MemberId): void {
    this.#way(from, to).state = "cut";
  }

  mend(from: MemberId, to: MemberId): void {
    this.#way(from, to).state = "open";
  }

  isOpen(from: MemberId, to: MemberId): boolean {
    return this.#way(from, to).state === "open" && this.isCableOpen(from, to);
  }

  setWeather(from: MemberId, to: MemberId, weather: Weather | undefined): void {
    this.#way(from, to).weather = weather;
  }

  /** Everything is as on a good day. */
  clear(): void {
    this.weather = FAIR_WEATHER;
    this.breaksStreams = 0;
    this.onSend = undefined;
    for (const way of this.#ways.values()) {
      way.state = "open";
      way.weather = undefined;
    }
  }

  send(message: Message): void {
    const { from, to } = message;
    this.onSend?.(message);
    const way = this.#way(from, to);
    const { lost, doubled } = way.weather ?? this.weather;
    if (!this.isOpen(from, to) || way.random.below(1_000) < lost) {
      this.#lost(way, from, to);
      return;
    }
    const copies = way.random.below(1_000) < doubled ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#world.after(this.#delayMs(way), () => {
        const station = this.#stations.get(to);
        if (station === undefined) this.#lost(way, from, to);
        else {
          station.process.enter(() => {
            station.heard(from);
            station.listener.received(message);
          });
        }
      });
    }
  }

  /** Of a chunk of a snapshot. @returns undefined where it does not get there. */
  chunkDelayMs(from: MemberId, to: MemberId): number | undefined {
    const way = this.#way(from, to);
    const { lost, delayMs } = way.weather ?? this.weather;
    const breaks = way.random.below(1_000) < this.breaksStreams + lost / 10;
    if (!this.isOpen(from, to) || breaks) return undefined;
    return way.random.below(delayMs * 1_000 + 1) / 1_000;
  }

  #delayMs(way: Way): number {
    const { delayMs, late, order } = way.weather ?? this.weather;
    const atMostMs = way.random.below(1_000) < late ? 10 * delayMs : delayMs;
    let ms = way.random.below(atMostMs * 1_000 + 1) / 1_000;
    if (order === "kept") ms = Math.max(ms, way.arrivesAtMs - this.#world.nowMs);
    way.arrivesAtMs = this.#world.nowMs + ms;
    return ms;
  }

  #lost(way: Way, from: MemberId, to: MemberId): void {
    if (way.random.below(1_000) >= NOTICED_LOSSES) return;
    this.#world.after(way.random.below(NOTICED_WITHIN_MS), () => {
      const station = this.#stations.get(from);
      station?.process.enter(() => station.listener.unreachable(to));
    });
  }

  #way(from: MemberId, to: MemberId): Way {
    const name = `${from}>${to}`;
    let way = this.#ways.get(name);
    if (way === undefined) this.#ways.set(name, (way = new Way(this.#random.fork(name))));
    return way;
  }
}
