/**
 * The containers that this host's user puts on networks of the cluster (`docker run --network`): asks
 * the managers for their addresses before they are made, tells whether they run, gives their
 * namespaces what tasks' have, and lets go what is gone. Level-triggered: an event of the engine or
 * news of the networks only means to look. Never stops, starts or removes a container: they are the
 * user's. One that the managers will not have is taken off the network, because its address may be
 * another's.
 */
import { AssertionError } from "../../shared/errors/assert.js";
import { ClusterError, type ErrorCode } from "../../shared/errors/cluster-error.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type {
  AttachRequest,
  AttachResponse,
  DetachRequest,
  ObserveRequest,
} from "../../shared/rpc/attachments-rpc.js";
import type {
  AttachedContainer,
  AttachedContainers,
} from "../engine/docker/attached-containers.js";
import type { EngineAttachment } from "../engine/docker/overlay-networks.js";
import { until } from "../network/interruptible-wait.js";
import type { TaskNames } from "../network/network-plane.js";
import { allOrNone } from "./all-or-none.js";
import { AttachedNamespaces } from "./attached-namespaces.js";
import { planAttached, type Release, toldAttachments, toldServing } from "./core/plan-attached.js";

/** The managers, whichever answers. */
export interface AttachmentCalls {
  attach(request: AttachRequest): Promise<AttachResponse>;
  observe(request: ObserveRequest): Promise<void>;
  detach(request: DetachRequest): Promise<void>;
}

export interface AttachmentKeeperOptions {
  readonly nodeId: NodeId;
  readonly containers: AttachedContainers;
  /** What this node was told of the networks; undefined before anything was. */
  readonly told: () => NodeNetworks | undefined;
  readonly managers: AttachmentCalls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A container that is about to be made, and what it has to carry to be known again. */
export interface Placed {
  readonly labels: Readonly<Record<string, string>>;
  /** All that it is on, in the order of the managers. */
  readonly networks: readonly EngineAttachment[];
}

/** What no event tells of is seen then: somebody connected a container by the engine's own socket. */
const LOOK_EVERY_MS = 30_000;
/** After a look that an engine or a manager did not answer, doubled up to the limit. */
const RETRY_FIRST_MS = 250;
const RETRY_LIMIT_MS = 5_000;
/** Docker's own limit for attaching is 20 s, of which the engine needs some. */
const ATTACH_PATIENCE_MS = 12_000;
/** Events come in bursts: a container that starts has several. */
const GATHER_MS = 20;

/** Another manager, or the same one a moment later, may answer. */
const PASSING: readonly ErrorCode[] = [
  "unavailable",
  "no-leader",
  "proposal-dropped",
  "outcome-unknown",
  "try-again",
];

export class AttachmentKeeper {
  readonly #options: AttachmentKeeperOptions;
  readonly #logger: Logger;
  /** Being made just now; how often. */
  readonly #busy = new Map<TaskId, number>();
  /** How often one was begun to be made: what was seen before may be otherwise since. */
  #begun = 0;
  /** What is being let go just now. */
  #releasing: Promise<void> = Promise.resolve();
  /** What the managers were told last. */
  readonly #said = new Map<TaskId, string>();
  readonly #namespaces: AttachedNamespaces;
  /** What was told last of this node's networks and attachments. */
  #heard = "";
  /** For which networks the engine has forgotten all others. */
  #pruned = "";
  #isDue = true;
  #wake: () => void = () => undefined;

  constructor(options: AttachmentKeeperOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ part: "attachments" });
    this.#namespaces = new AttachedNamespaces(options.containers.plane, this.#logger);
  }

  /** What is told of the networks changes with every task on them; of attachments it says little. */
  heard(node: NodeNetworks): void {
    const told = toldAttachments(node, this.#options.nodeId);
    const attachments = [...told].map(([id, networks]) => `${id} ${[...networks].join()}`);
    const on = node.networks.map(({ networkId }) => networkId).join();
    const serving = [...toldServing(node, this.#options.nodeId)].join();
    const text = `${on} ${attachments.join(";")} ${serving}`;
    if (text === this.#heard) return;
    this.#heard = text;
    this.look();
  }

  /** Something may have changed of a container, or of what is told of it. */
  look(): void {
    this.#isDue = true;
    this.#wake();
  }

  /**
   * Resolves once a container can be made on these networks; then `made` must be called, whether it
   * was made or not.
   * @throws what the managers say, EngineUnavailableError, TaskRefusedError
   */
  async attach(request: AttachRequest, names: TaskNames, signal: AbortSignal): Promise<Placed> {
    const { containers } = this.#options;
    const { id } = request;
    this.#busy.set(id, (this.#busy.get(id) ?? 0) + 1);
    this.#begun += 1;
    try {
      // It may be the same one, which would be let go as soon as it is there again.
      await this.#releasing;
      const given = await this.#patiently(() => this.#options.managers.attach(request), signal);
      const networks = await this.#prepared(id, given, names, signal);
      const aliases = given.networks.map(({ networkId, name }) => {
        const named = request.networks.find(({ target }) => [networkId, name].includes(target));
        return [networkId, named?.aliases ?? []] as const;
      });
      return { labels: containers.labels(id, Object.fromEntries(aliases)), networks };
    } catch (cause) {
      this.made(id);
      throw cause;
    }
  }

  /** What there is of it is what there is. */
  made(id: TaskId): void {
    const count = (this.#busy.get(id) ?? 1) - 1;
    if (count > 0) this.#busy.set(id, count);
    else this.#busy.delete(id);
    this.look();
  }

  /** Of a container that is there; undefined for a task. */
  idOf(containerId: string, labels: Readonly<Record<string, string>>): TaskId | undefined {
    return this.#options.containers.idOf(containerId, labels);
  }

  /** Until `signal` aborts; then everything stays as it is. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await allOrNone(signal, [(over) => this.#follow(over), (over) => this.#work(over)]);
    } catch (cause) {
      if (!signal.aborted) throw cause;
    } finally {
      await this.#namespaces.close();
    }
  }

  /** The host leaves: its user's containers run on, without these networks. Not while `run` runs. */
  async leave(signal: AbortSignal): Promise<void> {
    const { containers } = this.#options;
    for (const { containerId, name, networks } of await containers.list(signal)) {
      this.#logger.warn({ containerId, name }, "a container loses the cluster's networks");
      for (const { engineName } of networks)
        await containers.disconnect(containerId, engineName, signal);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, containers } = this.#options;
    for (;;) {
      try {
        for await (const _change of containers.changes(clock.wallMs(), signal)) this.look();
      } catch (cause) {
        signal.throwIfAborted();
        if (!(cause instanceof ClusterError)) throw cause;
      }
      await clock.sleep(RETRY_FIRST_MS, signal);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    for (;;) {
      signal.throwIfAborted();
      this.#isDue = false;
      try {
        await this.#lookAround(signal);
        failures = 0;
      } catch (cause) {
        signal.throwIfAborted();
        // A manager or an engine that is away, a full disk: it may pass.
        if (cause instanceof AssertionError || !(cause instanceof Error)) throw cause;
        const { message: reason } = cause;
        this.#logger[failures === 0 ? "warn" : "debug"]({ reason }, "attachments not as they are");
        await clock.sleep(Math.min(RETRY_LIMIT_MS, RETRY_FIRST_MS * 2 ** failures++), signal);
        continue;
      }
      await clock.sleep(GATHER_MS, signal);
      await this.#called(signal);
    }
  }

  async #called(signal: AbortSignal): Promise<void> {
    if (this.#isDue) return;
    await until(this.#options.clock, LOOK_EVERY_MS, signal, (wake) => {
      this.#wake = wake;
      return () => (this.#wake = () => undefined);
    });
  }

  async #lookAround(signal: AbortSignal): Promise<void> {
    const { containers, nodeId, told } = this.#options;
    const node = told();
    if (node === undefined) return;
    const begun = this.#begun;
    const seen = await containers.list(signal);
    const plan = planAttached(seen, toldAttachments(node, nodeId), new Set(this.#busy.keys()));
    const stays = new Set([...seen.map(({ attachmentId }) => attachmentId), ...this.#busy.keys()]);
    for (const id of this.#namespaces.ids()) if (!stays.has(id)) await this.#forget(id);
    for (const container of plan.claim) await this.#claim(container, signal);
    // By then it may be on other networks, or on none.
    if (plan.claim.length > 0) this.look();
    const serving = toldServing(node, nodeId);
    for (const container of seen) {
      if (this.#busy.has(container.attachmentId) || plan.claim.includes(container)) continue;
      await this.#tell(container, serving);
      await this.#namespaces.follow(container, node);
    }
    await this.#prune(node, signal);
    for (const release of plan.release) {
      if (this.#begun !== begun) {
        this.look();
        return;
      }
      const released = this.#release(release);
      this.#releasing = released.catch(() => undefined);
      await released;
    }
  }

  /** The engine's own, once no container is on them: they would be in the way of others. */
  async #prune({ networks }: NodeNetworks, signal: AbortSignal): Promise<void> {
    const on = networks.map(({ networkId }) => networkId).join();
    if (on === this.#pruned) return;
    await this.#options.containers.prune(signal);
    this.#pruned = on;
  }

  /** Once this host hears of the addresses that were given: it may know others, from when it was here before. */
  async #prepared(
    id: TaskId,
    { networks: given }: AttachResponse,
    names: TaskNames,
    signal: AbortSignal,
  ): Promise<readonly EngineAttachment[]> {
    const { clock, containers } = this.#options;
    const networkIds = given.map(({ networkId }) => networkId);
    for (;;) {
      const networks = await containers.prepare(id, networkIds, names, signal);
      const isGiven = given.every(({ addresses, networkId }) =>
        networks.some(
          (one) => one.networkId === networkId && one.addresses.join() === addresses.join(),
        ),
      );
      if (isGiven) return networks;
      await clock.sleep(GATHER_MS, signal);
    }
  }

  async #release({ attachmentId: id, networkIds }: Release): Promise<void> {
    await this.#options.managers.detach({ id, networkIds });
    if (networkIds.length === 0) await this.#forget(id);
  }

  async #forget(id: TaskId): Promise<void> {
    this.#said.delete(id);
    await this.#namespaces.forget(id);
  }

  /** It has its addresses already: these, or it must go. */
  async #claim(container: AttachedContainer, signal: AbortSignal): Promise<void> {
    const { containers, managers } = this.#options;
    const { attachmentId: id, containerId, name } = container;
    for (const { addresses, aliases, engineName, networkId } of container.networks) {
      const networks = [{ target: networkId, aliases, wanted: addresses }];
      try {
        await managers.attach({ id, containerName: name, networks });
      } catch (cause) {
        if (!(cause instanceof ClusterError) || PASSING.includes(cause.code)) throw cause;
        const { message: reason } = cause;
        this.#logger.warn({ containerId, name, networkId, reason }, "taken off a network");
        await containers.disconnect(containerId, engineName, signal);
      }
    }
  }

  /** What was said may have been said of an attachment that was let go: what is told shows it. */
  async #tell(
    { attachmentId: id, containerId, name, pid }: AttachedContainer,
    serving: ReadonlySet<TaskId>,
  ): Promise<void> {
    const state = pid === 0 ? "silent" : "serving";
    const said = `${containerId} ${name} ${state}`;
    const isKnown = serving.has(id) === (state === "serving");
    if (isKnown && this.#said.get(id) === said) return;
    try {
      await this.#options.managers.observe({ id, containerName: name, containerId, state });
      this.#said.set(id, said);
    } catch (cause) {
      // Let go meanwhile, or never known: what is told of the networks will show it.
      if (!(cause instanceof ClusterError) || cause.code !== "not-found") throw cause;
    }
  }

  async #patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock } = this.#options;
    const deadlineMs = clock.nowMs() + ATTACH_PATIENCE_MS;
    for (;;) {
      try {
        return await ask();
      } catch (cause) {
        const passes = cause instanceof ClusterError && PASSING.includes(cause.code);
        if (!passes || clock.nowMs() >= deadlineMs) throw cause;
      }
      await clock.sleep(RETRY_FIRST_MS, signal);
    }
  }
}
