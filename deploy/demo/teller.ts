/** Tells the story in lines: what was done, and how long it took. */
import type { Clock } from "../../shared/ports/clock.js";
import { DemoFailure } from "./demo-failure.js";
import type { Stage, Step } from "./story.js";

/** Clears the line that the cursor is on: ECMA-48, EL, after a return to its start. */
const AGAIN = "\r\u001b[2K";
const TIME_WIDTH = 7;

export class Teller {
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: Clock;

  constructor(stream: NodeJS.WriteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  fail(words: string): void {
    if (this.#stream.isTTY) this.#stream.write("\n");
    process.stderr.write(`demo: ${words}\n`);
  }

  /** @throws DemoFailure a step did not come to what it was to show. */
  async tellAll(steps: readonly Step[], stage: Stage): Promise<void> {
    for (const step of steps) await this.#tell(step, stage);
  }

  /** In a terminal also what is being done, while it is. */
  async #tell({ doing, done, act }: Step, stage: Stage): Promise<void> {
    const beganMs = this.#clock.nowMs();
    if (this.#stream.isTTY) this.#stream.write(`${"…".padStart(TIME_WIDTH)}  ${doing}`);
    try {
      await act(stage);
    } catch (cause) {
      if (!(cause instanceof DemoFailure)) throw cause;
      throw new DemoFailure(`while ${doing}: ${cause.message}`, { cause });
    }
    const seconds = ((this.#clock.nowMs() - beganMs) / 1000).toFixed(1);
    if (this.#stream.isTTY) this.#stream.write(AGAIN);
    this.say(`${`${seconds} s`.padStart(TIME_WIDTH)}  ${done}`);
  }
}
