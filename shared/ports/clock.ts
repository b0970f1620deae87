/**
 * Time as an argument. Everything that waits or measures does so on a `Clock`, so that a test or a
 * simulation can hold it, and so that no decision hangs on the wall clock, which jumps.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back. Its zero means nothing; only differences do. */
  nowMs(): number;
  /** Milliseconds since 1970 (UTC). Only ever shown or stored, never compared to decide. */
  wallMs(): number;
  /** Resolves after `delayMs`. @throws the signal's reason, at once, when it is aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Calls `callback` once after `delayMs`, unless cancelled. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
