/**
 * A laboratory: real hosts on one machine, each with a Docker engine and a skepd, joined by a
 * network that can be cut. For tests, benchmarks and `npm run lab`:
 *
 *     await using lab = await Laboratory.up({ dir, hosts: 3, managers: 1 });
 *     await lab.cut("host3");
 *     await lab.exec("host1", ["skep", "node", "ls"]);
 *
 * It lives in the kernel and in its folder, not in this object: `open` finds it again, from any
 * process.
 */
import { setMaxListeners } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import type { Clock } from "../../shared/ports/clock.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { switchOn } from "./boot.js";
import { LabCgroups } from "./cgroups.js";
import { type DaemonName, HostDaemons, type LiveRestore } from "./daemons.js";
import type { EngineRelease } from "./engine-release.js";
import { endHolders, findHolders } from "./holders.js";
import { type CommandWords, type HostDoor, wordsInHost } from "./in-host.js";
import { LabError } from "./lab-error.js";
import { checkWish, HOSTS_MAX, hostsOf, type LabHost, labName, SWITCH } from "./layout.js";
import { takeLock } from "./lock.js";
import { prepareMachine, requireRoot } from "./machine.js";
import { type LinkState, linkStates, setLink, unplug } from "./network.js";
import { raise } from "./raise.js";
import { type LabRecord, readRecord, writeFirstRecord } from "./record.js";
import { type ProgramResult, resultOf, SYSTEM_PATH } from "./run-program.js";
import { separations, setSeparation } from "./separations.js";
import { takeDown } from "./take-down.js";
import type { Patience } from "./until.js";

/** What a host is told to do is done in a second or two; a busy machine may take far longer. */
const LIMIT_MS = 120_000;
const NEVER = new AbortController().signal;
/** Each host waits for a few things at once, and all of them on one signal. */
const WAITERS_MAX = 8 * HOSTS_MAX;
setMaxListeners(WAITERS_MAX, NEVER);

export interface LabOptions {
  readonly dir: string;
  readonly hosts: number;
  /** The first so many hosts are the managers of a cluster of all; 0, the default: no cluster. */
  readonly managers?: number;
  readonly liveRestore?: LiveRestore;
  /** The engines' release; by default the one that this machine has. */
  readonly engine?: EngineRelease;
  /** Hears what is done. */
  readonly log?: (line: string) => void;
  /** Ends `up`, which then takes away what it has made. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

export interface StartOptions {
  /** For this once, after those that the daemon is always given. */
  readonly flags?: readonly string[];
  readonly signal?: AbortSignal;
}

export class Laboratory implements AsyncDisposable {
  readonly dir: string;
  readonly hosts: readonly LabHost[];
  readonly #record: LabRecord;
  readonly #clock: Clock;
  readonly #cgroups: LabCgroups;

  /**
   * Makes one. Remains of an earlier one in the same folder are cleared away first.
   * @throws LabError what stands in the way, once whatever was made by then is gone again.
   */
  static async up(options: LabOptions): Promise<Laboratory> {
    const { hosts, managers = 0, liveRestore = "off", engine = "installed" } = options;
    const { log = () => undefined, signal = NEVER, clock = systemClock } = options;
    setMaxListeners(WAITERS_MAX, signal);
    const dir = absolute(options.dir);
    checkWish(dir, { hosts, managers });
    await prepareMachine(log);
    await using _lock = await takeLock(labName(dir), `another "up" or "down" of ${dir}`);
    const cleanUp: Patience = { clock, signal: NEVER, limitMs: LIMIT_MS };
    if (isWhole(dir)) {
      throw new LabError(`a laboratory is up in ${dir}: use it, or take it down first`);
    }
    if (readRecord(dir) !== undefined)
      log(`clearing away what an earlier laboratory left in ${dir}`);
    await takeDown(dir, cleanUp);
    signal.throwIfAborted();
    const record = writeFirstRecord(dir, { hosts, managers, liveRestore, engine });
    try {
      await raise(dir, record, { clock, signal, log });
    } catch (error) {
      log(`${signal.aborted ? "interrupted" : "that failed"}: taking away what was made`);
      await takeDown(dir, cleanUp);
      throw error;
    }
    return new Laboratory(dir, record, clock);
  }

  /** One that is up. @throws LabError there is none. */
  static open(dir: string, clock: Clock = systemClock): Laboratory {
    requireRoot();
    const folder = absolute(dir);
    const record = readRecord(folder);
    if (record === undefined) throw new LabError(`there is no laboratory in ${folder}`);
    if (record.made === "half") {
      throw new LabError(
        `the laboratory in ${folder} is coming up, or never came up whole: wait, or take it down`,
      );
    }
    if (findHolders(folder).size === 0) {
      throw new LabError(
        `the hosts of the laboratory in ${folder} are gone (the machine was restarted?): "down" or "up" clears away the rest`,
      );
    }
    return new Laboratory(folder, record, clock);
  }

  /**
   * Takes away whatever there is of a laboratory in `dir`, also half of one.
   * @returns whether there was anything.
   */
  static async clear(dir: string, clock: Clock = systemClock): Promise<"gone" | "was not there"> {
    requireRoot();
    const folder = absolute(dir);
    await using _lock = await takeLock(labName(folder), `another "up" or "down" of ${folder}`);
    const wasThere = readRecord(folder) !== undefined || findHolders(folder).size > 0;
    await takeDown(folder, { clock, signal: NEVER, limitMs: LIMIT_MS });
    return wasThere ? "gone" : "was not there";
  }

  private constructor(dir: string, record: LabRecord, clock: Clock) {
    this.dir = dir;
    this.hosts = hostsOf(dir, record.hosts);
    this.#record = record;
    this.#clock = clock;
    this.#cgroups = new LabCgroups(labName(dir));
  }

  /** @throws LabError there is no host of that name. */
  host(name: string): LabHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    throw new LabError(
      `there is no host "${name}": they are called ${this.hosts.map((host) => host.name).join(", ")}`,
    );
  }

  async down(): Promise<void> {
    await Laboratory.clear(this.dir, this.#clock);
  }

  /**
   * Pulls the host's cable; or, with another host, lets these two hear each other no more.
   * @throws LabError that is so already, or a host is off.
   */
  async cut(host: string, other?: string): Promise<void> {
    if (other === undefined) await this.#changeLink(host, "cut");
    else await this.#separate([host, other], "apart");
  }

  /** Undoes `cut`. @throws LabError there is nothing to undo. */
  async mend(host: string, other?: string): Promise<void> {
    if (other === undefined) await this.#changeLink(host, "up");
    else await this.#separate([host, other], "together");
  }

  /** Pulls the plug: all that runs on the host is gone at once. What is on its disk stays. */
  async off(host: string): Promise<void> {
    const part = [this.host(host).name] as const;
    if (!this.isOn(host)) throw new LabError(`${host} is off already`);
    // A host without power says no goodbye: what its kernel would still send must not arrive.
    await unplug(this.#pidOf(SWITCH), host);
    await this.#end(part);
  }

  /** Resolves once its daemons answer. Its cable is in. @throws LabError it is on. */
  async on(host: string, signal = NEVER): Promise<void> {
    if (this.isOn(host)) throw new LabError(`${host} is on already`);
    const patience = this.#patience(signal);
    const switchPid = this.#pidOf(SWITCH);
    const { dir, hosts } = this;
    const around = { dir, hosts, switchPid, cgroups: this.#cgroups, settings: this.#record };
    try {
      const daemons = await switchOn(this.host(host), around, patience);
      await daemons.start("dockerd", patience);
      await daemons.start("skepd", patience);
    } catch (error) {
      await this.#end([this.host(host).name]);
      throw error;
    }
  }

  /** SIGKILL. Resolves once it is gone. @throws LabError it does not run, or the host is paused. */
  async kill(host: string, daemon: DaemonName): Promise<void> {
    this.#refusePaused(host);
    await this.daemonsOf(host).end(daemon, "SIGKILL", this.#patience());
  }

  /** SIGTERM, as an init system would. Resolves once it is gone. @throws LabError as `kill` */
  async stop(host: string, daemon: DaemonName): Promise<void> {
    this.#refusePaused(host);
    await this.daemonsOf(host).end(daemon, "SIGTERM", this.#patience());
  }

  /** Resolves once it answers. @throws LabError it runs already, or the host is paused. */
  async start(host: string, daemon: DaemonName, options: StartOptions = {}): Promise<void> {
    this.#refusePaused(host);
    const { signal, flags } = options;
    await this.daemonsOf(host).start(daemon, this.#patience(signal), flags);
  }

  /** Resolves once none of its processes runs any more: daemons, containers, whatever was begun there. */
  async pause(host: string): Promise<void> {
    this.#refusePaused(host);
    await this.#cgroups.freeze(host, this.#patience());
  }

  /** @throws LabError it is not paused. */
  resume(host: string): void {
    if (!this.isPaused(host)) throw new LabError(`${host} is not paused`);
    this.#cgroups.thaw(host);
  }

  /** Runs a command on the host to its end, whatever its exit status. */
  async exec(
    host: string,
    command: CommandWords,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ProgramResult> {
    return resultOf(this.wordsFor(host, command), { ...options, env: this.environment() });
  }

  /**
   * The words that run `command` on the host, for who wants to start it himself. Where the host is
   * `switch`: in the network between the hosts.
   */
  wordsFor(host: string, command: CommandWords): CommandWords {
    if (host !== SWITCH) this.#refusePaused(host);
    return wordsInHost(this.#door(host), command, process.cwd());
  }

  /** What such a command finds in its environment besides the user's own. */
  environment(): NodeJS.ProcessEnv {
    const path = `${join(this.dir, "bin")}:${SYSTEM_PATH}`;
    return { PATH: path, DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined, SKEP_HOST: undefined };
  }

  isOn(host: string): boolean {
    return findHolders(this.dir).has(this.host(host).name);
  }

  isPaused(host: string): boolean {
    return this.#cgroups.isFrozen(this.host(host).name);
  }

  linkStates(): Promise<ReadonlyMap<string, LinkState>> {
    return linkStates(this.#pidOf(SWITCH));
  }

  /** By host, those that it cannot hear though both have their cable in. */
  separations(): Promise<ReadonlyMap<string, readonly string[]>> {
    return separations(this.#pidOf(SWITCH));
  }

  /** @throws LabError the host is off. */
  daemonsOf(host: string): HostDaemons {
    return new HostDaemons(this.host(host), this.#door(host), this.#record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #changeLink(host: string, wanted: "up" | "cut"): Promise<void> {
    const { name } = this.host(host);
    this.#refuseOff(name);
    if ((await this.linkStates()).get(name) === wanted) {
      throw new LabError(
        wanted === "cut" ? `${name} is cut off already` : `${name} is not cut off`,
      );
    }
    await setLink(this.#pidOf(SWITCH), name, wanted);
  }

  async #separate(pair: readonly [string, string], wanted: "apart" | "together"): Promise<void> {
    const [one, other] = pair.map((name) => this.host(name).name) as [string, string];
    if (one === other) throw new LabError(`${one} cannot be cut off from itself`);
    const apart = (await this.separations()).get(one)?.includes(other) === true;
    if (apart === (wanted === "apart")) {
      throw new LabError(
        `${one} and ${other} are ${apart ? "cut off from each other already" : "not cut off from each other"}`,
      );
    }
    await setSeparation(this.#pidOf(SWITCH), [one, other], wanted);
  }

  async #end(part: readonly [host: string]): Promise<void> {
    await endHolders(this.dir, part, this.#cgroups, this.#patience());
    await this.#cgroups.remove(part, this.#patience());
  }

  #refuseOff(host: string): void {
    if (!this.isOn(host)) throw new LabError(`${host} is off: switch it on first`);
  }

  #refusePaused(host: string): void {
    this.#refuseOff(host);
    if (this.isPaused(host)) throw new LabError(`${host} is paused: resume it first`);
  }

  #door(host: string): HostDoor {
    const name = host === SWITCH ? SWITCH : this.host(host).name;
    return { host: name, pid: this.#pidOf(name), cgroups: this.#cgroups };
  }

  #pidOf(name: string): number {
    const pid = findHolders(this.dir).get(name);
    if (pid !== undefined) return pid;
    throw new LabError(
      name === SWITCH
        ? `the switch is gone: take the laboratory in ${this.dir} down`
        : `${name} is off: switch it on first`,
    );
  }

  #patience(signal = NEVER): Patience {
    return { clock: this.#clock, signal, limitMs: LIMIT_MS };
  }
}

function isWhole(dir: string): boolean {
  return readRecord(dir)?.made === "whole" && findHolders(dir).size > 0;
}

/** By its real path, as far as it exists: one folder, one name. */
function absolute(dir: string): string {
  const path = resolve(dir);
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(absolute(parent), basename(path));
}
