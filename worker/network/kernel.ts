/**
 * The host's kernel, as far as networks go, spoken to through `ip`, `bridge`, `nft` and `conntrack`:
 * each call is one short-lived program. Decides nothing; what to say comes from `core/`.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { ClusterError } from "../../shared/errors/cluster-error.js";
import type {
  OverlayListing,
  ShownForwarding,
  ShownLink,
  ShownNeighbour,
  ShownRoute,
} from "./core/present-overlay.js";
import { linkNft } from "./own-nft.js";

/** These programs answer within milliseconds; one that hangs must not hold up the rest for ever. */
const PROGRAM_LIMIT_MS = 20_000;
/** Of what a program says when it fails, for the log. */
const COMPLAINT_CHARS = 500;
/** Where a daemon's PATH does not lead, and where these programs are kept. */
const SYSTEM_FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin";

/**
 * A monitor ends with us however we end: one that stayed in a container's namespace would keep it,
 * and would never hear that nobody listens.
 */
const WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] as const;

/** The kernel, or a program that speaks to it, refused. */
export class KernelRefusedError extends ClusterError {
  readonly code = "failed-precondition";
}

/** A network namespace, by the path of its file. */
export type Namespace = string;

export function namespaceOf(pid: number): Namespace {
  return `/proc/${pid}/ns/net`;
}

export interface RunOptions {
  /** What the program reads. */
  readonly input?: string;
  /** Absent: the host's. */
  readonly namespace?: Namespace | undefined;
}

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KernelOptions {
  /** Where programs are looked for, in the form of `PATH`. */
  readonly path: string;
  /** The namespace that stands for the host's; absent: the one that we are in. */
  readonly namespace?: Namespace;
}

export class Kernel {
  readonly #env: NodeJS.ProcessEnv;
  readonly #host: Namespace | undefined;
  #nft = "nft";

  constructor({ path, namespace }: KernelOptions) {
    // No program is to keep a history of what it was told.
    this.#env = { PATH: `${path}:${SYSTEM_FOLDERS}`, LC_ALL: "C", HOME: "/dev/null" };
    this.#host = namespace;
  }

  /** From now on `nft` is run by the name `OWN_NFT`, from this folder, where it can be found. */
  async nameNft(folder: string): Promise<void> {
    this.#nft = (await linkNft(folder, this.#env["PATH"] ?? "")) ?? this.#nft;
  }

  /** @throws KernelRefusedError if any line failed */
  async ipBatch(lines: readonly string[], namespace?: Namespace): Promise<void> {
    if (lines.length === 0) return;
    const input = lines.map((line) => `${line}\n`).join("");
    await this.expect(["ip", "-force", "-batch", "-"], { input, namespace });
  }

  /** @param families whose routes are asked for */
  async listOverlay(families: "ipv4" | "both"): Promise<OverlayListing> {
    const [links, forwarding, neighbours, routes, routes6] = await Promise.all([
      this.links(),
      this.#ask<ShownForwarding>(["bridge", "-json", "fdb", "show"]),
      this.#ask<ShownNeighbour>(["ip", "-json", "neighbour", "show", "nud", "permanent"]),
      this.routes(),
      families === "both" ? this.#ask<ShownRoute>(["ip", "-6", "-json", "route", "show"]) : [],
    ]);
    return { links, forwarding, neighbours, routes: [...routes, ...routes6] };
  }

  /** IPv4. */
  routes(): Promise<readonly ShownRoute[]> {
    return this.#ask(["ip", "-json", "route", "show"]);
  }

  links(namespace?: Namespace): Promise<readonly ShownLink[]> {
    return this.#ask(["ip", "-details", "-json", "address", "show"], namespace);
  }

  async #ask<Shown>(
    words: readonly [string, ...string[]],
    namespace?: Namespace,
  ): Promise<readonly Shown[]> {
    const { stdout } = await this.expect(words, { namespace });
    const shown = JSON.parse(stdout === "" ? "[]" : stdout) as readonly Shown[];
    // Some versions print an empty object for each thing that the question left out.
    return shown.filter((one) => Object.keys(one as object).length > 0);
  }

  /**
   * Forgets connections.
   * @param words what `conntrack -D` is to match
   * @returns how many there were; `absent`: there is no such program here
   */
  async forgetConnections(
    words: readonly string[],
    namespace?: Namespace,
  ): Promise<number | "absent"> {
    const { status, stderr, stdout } = await this.run(["conntrack", "-D", ...words], {
      namespace,
    });
    const deleted = /(\d+) flow entries have been deleted/.exec(stderr)?.[1];
    if (deleted !== undefined) return Number(deleted);
    if (status === 127) return "absent";
    throw refused(["conntrack", ...words], { status, stderr, stdout });
  }

  /** @throws KernelRefusedError */
  async setSysctl(name: string, value: string): Promise<void> {
    // Through a program, because what `/proc/sys` shows depends on the namespace of who reads it.
    const script = '[ "$(cat "$1")" = "$2" ] || echo "$2" > "$1"';
    await this.expect(["sh", "-c", script, "sh", sysctlPath(name), value]);
  }

  /** Those that are lower; those that are not there are left out. @throws KernelRefusedError */
  async raiseSysctls(least: ReadonlyMap<string, number>): Promise<void> {
    const script =
      'while [ $# -gt 0 ]; do [ ! -e "$1" ] || [ "$(cat "$1")" -ge "$2" ] || echo "$2" > "$1" || exit 1; shift 2; done';
    const words = [...least].flatMap(([name, value]) => [sysctlPath(name), String(value)]);
    await this.expect(["sh", "-c", script, "sh", ...words]);
  }

  /** Each with its file's path and a colon before it; files that are not there are left out. */
  async linesOf(files: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await this.run(["grep", "-Hs", "", ...files]);
    return stdout.split("\n").filter((line) => line !== "");
  }

  /** What a program goes on to print, in whole lines, until `signal` aborts or it ends. */
  async *watch(
    words: readonly [string, ...string[]],
    signal: AbortSignal,
    namespace?: Namespace,
  ): AsyncIterable<string> {
    const [program, ...args] = [...WITH_US, ...this.#wordsIn(words, namespace)] as const;
    const child = spawn(program, args, {
      env: this.#env,
      stdio: ["ignore", "pipe", "ignore"],
      signal,
      killSignal: "SIGKILL",
    });
    child.on("error", () => undefined); // aborted, or not there: its output has ended either way
    try {
      let rest = "";
      for await (const text of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
        const end = text.lastIndexOf("\n") + 1;
        if (end > 0) yield rest + text.slice(0, end);
        rest = end > 0 ? text.slice(end) : rest + text;
      }
    } finally {
      child.kill("SIGKILL");
    }
  }

  /** A program that is told line by line, and complains where it has to. */
  converse(
    words: readonly [string, ...string[]],
    namespace?: Namespace,
  ): ChildProcessByStdio<Writable, null, Readable> {
    const [program, ...args] = this.#wordsIn(words, namespace);
    return spawn(program, args, { env: this.#env, stdio: ["pipe", "ignore", "pipe"] });
  }

  /** Any program. @throws KernelRefusedError where it does not succeed */
  async expect(words: readonly [string, ...string[]], options: RunOptions = {}): Promise<Answer> {
    const answer = await this.run(words, options);
    if (answer.status === 0) return answer;
    throw refused(words, answer);
  }

  #wordsIn(
    words: readonly [string, ...string[]],
    namespace: Namespace | undefined,
  ): readonly [string, ...string[]] {
    const where = namespace ?? this.#host;
    const [program, ...args] = words;
    const called = [program === "nft" ? this.#nft : program, ...args] as const;
    return where === undefined ? called : ["nsenter", `--net=${where}`, "--", ...called];
  }

  /** Any program, and however it ends. */
  run(
    words: readonly [string, ...string[]],
    { input, namespace }: RunOptions = {},
  ): Promise<Answer> {
    const [program, ...args] = this.#wordsIn(words, namespace);
    return new Promise((resolve) => {
      const child = spawn(program, args, {
        env: this.#env,
        stdio: ["pipe", "pipe", "pipe"],
        timeout: PROGRAM_LIMIT_MS,
        killSignal: "SIGKILL",
      });
      const said = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const) {
        child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
      }
      child.on("error", ({ message }) => resolve({ status: 127, stdout: "", stderr: message }));
      child.on("close", (code) => resolve({ status: code ?? 128, ...said }));
      child.stdin.on("error", () => undefined); // it ended before it read: its end says why
      child.stdin.end(input ?? "");
    });
  }
}

function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll(".", "/")}`;
}

/** @param answer of a program that did not succeed */
export function refused(
  words: readonly string[],
  { status, stderr, stdout }: Answer,
): KernelRefusedError {
  const complaint = (stderr.trim() || stdout.trim()).slice(0, COMPLAINT_CHARS);
  return new KernelRefusedError(`${words.slice(0, 3).join(" ")} failed (${status}): ${complaint}`);
}
