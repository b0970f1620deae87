/**
 * A program that is kept open and told what to do on its input: `nft -i`, `ip -batch -`, `bridge -batch -`.
 *
 * To start one for each change costs far more than the change: a process, which takes longer the
 * larger we are; and the kernel lets nobody close the socket through which rules or elements went
 * before every processor has let go of them, which is 20 ms for one, and half a second for thirty.
 */
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { assert } from "../../shared/errors/assert.js";

/** What it is told takes milliseconds; one that hangs must not hold up the rest for ever. */
const ANSWER_LIMIT_MS = 20_000;
/** `nft` remembers what it is told, as for a user at a terminal who may want it again. */
const TOLD_MAX_CHARS = 1_000_000;
/** A line that none of them knows: each says so, with the line, once it is done with what came before. */
const END = "skep_answered";
/** `nft` complains, shows the line, and marks it; `ip` shows it and counts it. */
const COMPLAINT_OF_END = new RegExp(
  `^(?:Error: .*\\n)?.*${END}.*\\n(?: *\\^+|Command failed.*)\\n`,
  "m",
);

/** `ended`: what it did of what it was told is not known. */
export interface ProgramAnswer {
  readonly kind: "answered" | "ended";
  /** Empty where it had none. */
  readonly complaint: string;
}

export class OpenProgram {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  #told = 0;
  #heard = "";
  #hasAnswered = false;
  #isOver = false;
  #answer: ((answer: ProgramAnswer) => void) | undefined;

  constructor(child: ChildProcessByStdio<Writable, null, Readable>) {
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    child.stdin.on("error", () => undefined); // it ended before it read
    for (const event of ["error", "close"] as const) child.on(event, () => this.#over());
    // It ends with whoever opened it, and keeps nobody from ending while it has nothing to do.
    child.unref();
    for (const pipe of [child.stdin, child.stderr]) handleOf(pipe).unref();
  }

  /** `worn`: another one should take its place. */
  get state(): "open" | "worn" | "over" {
    if (this.#isOver) return "over";
    return this.#told < TOLD_MAX_CHARS ? "open" : "worn";
  }

  /** Some builds of `nft` cannot be talked to. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Resolves once it is done with all of it. One call at a time. @param lines without the last newline */
  async tell(lines: string): Promise<ProgramAnswer> {
    assert(this.#answer === undefined, "an open program is told one thing at a time");
    if (this.#isOver) return { kind: "ended", complaint: "" };
    const text = `${lines}\n${END}\n`;
    this.#told += text.length;
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const kill = (): unknown => this.#child.kill("SIGKILL");
    limit.addEventListener("abort", kill);
    handleOf(this.#child.stderr).ref();
    try {
      return await new Promise<ProgramAnswer>((resolve) => {
        this.#answer = resolve;
        this.#child.stdin.write(text);
      });
    } finally {
      limit.removeEventListener("abort", kill);
      handleOf(this.#child.stderr).unref();
    }
  }

  end(): void {
    this.#child.stdin.end();
  }

  #hear(text: string): void {
    this.#heard += text;
    const end = COMPLAINT_OF_END.exec(this.#heard);
    if (end === null) return;
    this.#hasAnswered = true;
    this.#settle("answered", this.#heard.slice(0, end.index));
  }

  #over(): void {
    this.#isOver = true;
    this.#settle("ended", this.#heard);
  }

  #settle(kind: ProgramAnswer["kind"], heard: string): void {
    const settle = this.#answer;
    this.#answer = undefined;
    this.#heard = "";
    settle?.({ kind, complaint: heard.trim() });
  }
}

/** The pipes of a child are sockets, which their types do not say. */
function handleOf(pipe: Writable | Readable): { ref(): void; unref(): void } {
  return pipe as unknown as { ref(): void; unref(): void };
}
