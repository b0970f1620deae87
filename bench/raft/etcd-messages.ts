/** What the benchmark and a process with clients of etcd say to each other. */
import type { LoadOrder } from "./member-messages.js";

export interface EtcdOrder extends LoadOrder {
  /** `host:port` of the member to write to. */
  readonly address: string;
}

export interface EtcdAnswer {
  /** One per counted put. */
  readonly latenciesMs: readonly number[];
  readonly cpuMs: number;
}
