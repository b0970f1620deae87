/**
 * The appends that were sent to one member and not acknowledged yet, bounded in number and bytes:
 * a slow member must not fill the leader's buffers.
 */
import { assert } from "../../../shared/errors/assert.js";

export interface InFlightLimits {
  readonly messages: number;
  /** One message may go over it. */
  readonly bytes: number;
}

interface Sent {
  readonly lastIndex: number;
  readonly bytes: number;
}

export class InFlight {
  readonly #limits: InFlightLimits;
  /** In the order of their indexes. */
  #sent: Sent[] = [];
  #bytes = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#sent.length;
  }

  get full(): boolean {
    return this.#sent.length >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  add(lastIndex: number, bytes: number): void {
    assert(!this.full, "an append was sent beyond what may be in flight");
    this.#sent.push({ lastIndex, bytes });
    this.#bytes += bytes;
  }

  /** The member has everything up to `index`. */
  acknowledged(index: number): void {
    const open = this.#sent.findIndex(({ lastIndex }) => lastIndex > index);
    const done = this.#sent.splice(0, open === -1 ? this.#sent.length : open);
    for (const { bytes } of done) this.#bytes -= bytes;
  }

  clear(): void {
    this.#sent = [];
    this.#bytes = 0;
  }
}
