/**
 * A program that changes the kernel as it is told: a small change by one that is kept open, a long one by
 * one of its own, which gives back the memory that it took.
 */
import { type Kernel, KernelRefusedError, type Namespace } from "./kernel.js";
import { OpenProgram } from "./open-program.js";

/** `nft` reads a line byte by byte: more is sooner done by one that reads a file. */
const SMALL_MAX_CHARS = 8_000;
/** Of `nft` and of `ip`; what else they say is a warning. */
const REFUSAL = /^(?:Error:|Command failed)/m;

export interface ToldProgramWords {
  /** Reads one change after the other. */
  readonly open: readonly [string, ...string[]];
  /** Reads one, and ends. */
  readonly once: readonly [string, ...string[]];
  /** Between the commands of one change, where it is told to an open one. */
  readonly separator: "; " | "\n";
}

export interface ToldProgramPlace {
  /** Absent: the host's. */
  readonly namespace?: Namespace;
  /** `anew`: none is kept open, which costs about 1.5 MB less, and time. */
  readonly manner?: "kept-open" | "anew";
}

export class ToldProgram {
  readonly #kernel: Kernel;
  readonly #words: ToldProgramWords;
  readonly #namespace: Namespace | undefined;
  #manner: "kept-open" | "anew";
  #opened: OpenProgram | undefined;

  constructor(
    kernel: Kernel,
    words: ToldProgramWords,
    { namespace, manner = "kept-open" }: ToldProgramPlace = {},
  ) {
    this.#kernel = kernel;
    this.#words = words;
    this.#namespace = namespace;
    this.#manner = manner;
  }

  /** One change at a time. @param text a command on each line @throws KernelRefusedError */
  async tell(text: string): Promise<void> {
    if (text === "") return;
    const program = text.length > SMALL_MAX_CHARS ? undefined : this.open();
    if (program === undefined) {
      await this.#kernel.expect(this.#words.once, { input: text, namespace: this.#namespace });
      return;
    }
    const { open, separator } = this.#words;
    const { kind, complaint } = await program.tell(text.trimEnd().replaceAll("\n", separator));
    if (kind === "answered" && !REFUSAL.test(complaint)) return;
    if (!program.hasAnswered) this.#manner = "anew";
    // It may remember what is no longer so.
    this.close();
    const [name] = open;
    throw new KernelRefusedError(`${name} ${kind === "ended" ? "ended" : "refused"}: ${complaint}`);
  }

  /** So that the next change finds it open. */
  open(): OpenProgram | undefined {
    if (this.#manner === "anew") return undefined;
    if (this.#opened?.state === "worn") this.close();
    if (this.#opened?.state !== "open") {
      this.#opened = new OpenProgram(this.#kernel.converse(this.#words.open, this.#namespace));
    }
    return this.#opened;
  }

  /** Until the next change. */
  close(): void {
    this.#opened?.end();
    this.#opened = undefined;
  }
}
