/**
 * An `nft` that is kept open in one network namespace, and is told what to change line by line.
 *
 * To start one for each change costs far more than the change: a process, which takes longer the
 * larger we are; and the kernel lets nobody close the socket through which rules or elements went
 * before every processor has let go of them, which is 20 ms for one, and half a second for thirty.
 */
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { assert } from "../../shared/errors/assert.js";

/** A change takes milliseconds; an `nft` that hangs must not hold up the rest for ever. */
const ANSWER_LIMIT_MS = 20_000;
/** A word that `nft` does not know. It says so, with the word, once it is done with what came before. */
const END = "answered";
/** What it is told it remembers, as for a user at a terminal who may want it again. */
const SPOKEN_MAX_CHARS = 1_000_000;

/** `ended`: whether it did what it was told last is not known. */
export type NftAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly complaint: string }
  | { readonly kind: "ended" };

export class NftSession {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  #spoken = 0;
  #heard = "";
  #isOver = false;
  #hasAnswered = false;
  #answer: ((answer: NftAnswer) => void) | undefined;

  /** @param child `nft -i` */
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
    return this.#spoken < SPOKEN_MAX_CHARS ? "open" : "worn";
  }

  /** Some builds of `nft` cannot be talked to. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** One change at a time. @param commands each on a line; the kernel takes all of them or none */
  async tell(commands: string): Promise<NftAnswer> {
    assert(this.#answer === undefined, "nft is told one thing at a time");
    if (this.#isOver) return { kind: "ended" };
    const line = commands.trimEnd().replaceAll("\n", "; ");
    this.#spoken += line.length;
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const kill = (): unknown => this.#child.kill("SIGKILL");
    limit.addEventListener("abort", kill);
    handleOf(this.#child.stderr).ref();
    try {
      return await new Promise<NftAnswer>((resolve) => {
        this.#answer = resolve;
        this.#child.stdin.write(`${line}\n${END}\n`);
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
    const at = this.#heard.indexOf(`\n${END}\n`);
    if (at === -1) return;
    // The last line is about the word itself; before the first may be the marks below the word before.
    const complaint = this.#heard.slice(0, at).split("\n").slice(0, -1).join("\n");
    this.#heard = "";
    this.#hasAnswered = true;
    this.#settle(complaint.includes("Error:") ? { kind: "refused", complaint } : { kind: "done" });
  }

  #over(): void {
    this.#isOver = true;
    this.#settle({ kind: "ended" });
  }

  #settle(answer: NftAnswer): void {
    const settle = this.#answer;
    this.#answer = undefined;
    settle?.(answer);
  }
}

/** The pipes of a child are sockets, which their types do not say. */
function handleOf(pipe: Writable | Readable): { ref(): void; unref(): void } {
  return pipe as unknown as { ref(): void; unref(): void };
}
