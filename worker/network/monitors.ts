/**
 * Hears from the kernel that somebody may have changed what we keep: a hint to look, never what is
 * true. Our own changes of rules are told apart by the name of who made them, of entries by what is
 * wanted; of devices they cost one look.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import { hintsAtForwarding, hintsAtLinks } from "./core/monitored-entries.js";
import type { OverlayState } from "./core/overlay-state.js";
import { type Kernel, type Namespace, namespaceOf } from "./kernel.js";
import { OWN_NFT } from "./own-nft.js";

/** A monitor that ended is started again, after this. */
const RESTART_MS = 1_000;
/** Namespaces of tasks that are watched at once, for about 1 MB each; others are only looked at. */
const WATCHED_TASKS_MAX = 250;

interface Monitor {
  readonly words: readonly [string, ...string[]];
  /** Whether some of the lines concern us. A change of ten thousand entries prints as many. */
  readonly concerns: (lines: string, wanted: OverlayState | undefined) => boolean;
  /** Whether some of them tell of a route of the host's own. */
  readonly tellsOfOwnRoute?: (lines: string) => boolean;
}

const OTHERS_CHANGE = new RegExp(
  `^# new generation \\d+ by process \\d+ \\((?!${OWN_NFT}\\))`,
  "m",
);

const HOST_MONITORS: readonly Monitor[] = [
  {
    words: ["nft", "monitor"],
    concerns: (lines) => OTHERS_CHANGE.test(lines),
  },
  {
    words: ["ip", "monitor", "label", "link", "address", "neigh", "route"],
    concerns: hintsAtLinks,
    tellsOfOwnRoute: (lines) =>
      /^\[ROUTE\](?!.* table local\b)(?!.*\b(?:skep|skvx)\d)/m.test(lines),
  },
  { words: ["bridge", "monitor", "fdb"], concerns: hintsAtForwarding },
];

/**
 * In a task's namespace only that rules go, as they do when somebody flushes them: to print all that
 * changes there, in each of many namespaces, costs as much as to change it. When rules of our own go, it
 * costs one look.
 */
const TASK_MONITOR: Monitor = {
  words: ["nft", "monitor", "destroy", "rules"],
  concerns: (lines) => /^delete rule/m.test(lines),
};

export interface Watching {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface HostListener {
  /** What is wanted of the overlays now. */
  readonly wanted: () => OverlayState | undefined;
  readonly onHint: () => void;
  readonly onOwnRoute: () => void;
}

/** The host's own namespace, until the signal aborts. */
export async function watchHost(
  watching: Watching,
  { wanted, onHint, onOwnRoute }: HostListener,
): Promise<void> {
  await Promise.all(
    HOST_MONITORS.map((monitor) => {
      const { concerns, tellsOfOwnRoute = () => false } = monitor;
      const heard = (lines: string): void => {
        if (concerns(lines, wanted())) onHint();
        if (tellsOfOwnRoute(lines)) onOwnRoute();
      };
      const missed = (): void => {
        onHint();
        onOwnRoute();
      };
      return watch(watching, monitor.words, { heard, missed });
    }),
  );
}

interface Listener {
  readonly heard: (lines: string) => void;
  /** What happened while nobody watched is seen by looking. */
  readonly missed: () => void;
}

async function watch(
  { kernel, clock, signal }: Watching,
  words: Monitor["words"],
  { heard, missed }: Listener,
  namespace?: Namespace,
): Promise<void> {
  while (!signal.aborted) {
    for await (const lines of kernel.watch(words, signal, namespace)) heard(lines);
    await clock.sleep(RESTART_MS, signal).then(missed, () => undefined);
  }
}

/** Rules that go from the namespaces of tasks. A namespace that is watched is kept from going. */
export class TaskMonitors {
  readonly #watching: Watching;
  readonly #onHint: (taskId: TaskId) => void;
  readonly #tasks = new Map<TaskId, { readonly pid: number; readonly stop: AbortController }>();

  constructor(watching: Watching, onHint: (taskId: TaskId) => void) {
    this.#watching = watching;
    this.#onHint = onHint;
  }

  /** @param pids of all tasks that run now, each task's first process */
  follow(pids: ReadonlyMap<TaskId, number>): void {
    for (const [taskId, { pid, stop }] of this.#tasks) {
      if (pids.get(taskId) === pid) continue;
      stop.abort();
      this.#tasks.delete(taskId);
    }
    for (const [taskId, pid] of pids) {
      if (this.#tasks.size >= WATCHED_TASKS_MAX) return;
      if (!this.#tasks.has(taskId)) this.#begin(taskId, pid);
    }
  }

  #begin(taskId: TaskId, pid: number): void {
    const stop = new AbortController();
    this.#tasks.set(taskId, { pid, stop });
    const signal = AbortSignal.any([this.#watching.signal, stop.signal]);
    const { concerns, words } = TASK_MONITOR;
    const missed = (): void => this.#onHint(taskId);
    const heard = (lines: string): void => {
      if (concerns(lines, undefined)) missed();
    };
    void watch({ ...this.#watching, signal }, words, { heard, missed }, namespaceOf(pid));
  }
}
