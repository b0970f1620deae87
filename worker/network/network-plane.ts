/**
 * What an engine needs of the node's network to run a task: implemented by `host-network.ts` in the
 * kernel, and by nothing where the host cannot do it.
 */
import type { NetworkDescription } from "../../shared/docker-api/node-spec.js";
import type { TaskId } from "../../shared/model/ids.js";

/** What the task's spec says of names (`DNSConfig`). */
export interface TaskNames {
  readonly resolvers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

export interface TaskNetwork {
  readonly attachments: readonly NetworkAttachment[];
  /** Path of the file that the task is to have as `/etc/resolv.conf`. */
  readonly resolvConf: string;
}

/** A network as the engine is to make it known, and the task's place on it. */
export interface NetworkAttachment {
  readonly networkId: string;
  readonly name: string;
  /** The device, which is there already, by all of its names: one for each IPv4 subnet. */
  readonly bridges: readonly [string, ...string[]];
  readonly mtu: number;
  readonly exit: "open" | "closed";
  /** Those that its addresses are of. */
  readonly subnets: readonly { readonly cidr: string; readonly gateway: string }[];
  readonly addresses: readonly string[];
  readonly mac: string;
}

export interface NetworkPlane {
  /** For the managers. */
  describe(): Promise<NetworkDescription>;
  /** Resolves once that may have changed since it last did, or `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
  /** Of all that this node has to do with. */
  networkIds(): ReadonlySet<string>;
  /**
   * Resolves once the host's side of all of these networks, which the task is on, is there.
   * @throws EngineUnavailableError this host has not heard of them yet, or its kernel refused
   */
  prepare(
    task: { readonly taskId: TaskId; readonly networkIds: readonly string[] },
    names: TaskNames,
    signal: AbortSignal,
  ): Promise<TaskNetwork>;
  /**
   * Resolves once the task's namespace is as it should be; for a task without networks at once.
   * May be repeated. @param pid of the task's first process
   */
  programmed(taskId: TaskId, pid: number, signal: AbortSignal): Promise<void>;
  /** It runs no more, and its namespace is gone. */
  ended(taskId: TaskId): void;
  /** Nothing is left of the task. */
  release(taskId: TaskId): Promise<void>;
}
