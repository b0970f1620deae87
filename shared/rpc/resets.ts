/**
 * Breaks off the calls of one connection, one in each turn of the event loop. Node 20 can spin for
 * ever, and fill the memory, where a stream is reset while another one, reset in the same turn,
 * still has data that was not sent: asked for that data, it answers "nothing yet" again and again
 * (`Http2Session::SendPendingData` below `Http2Stream::SubmitRstStream`).
 */
export class Resets {
  #last: Promise<void> = Promise.resolve();

  /** Calls `cancel` soon. */
  add(cancel: () => void): void {
    this.#last = this.#last.then(nextTurn).then(cancel);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
