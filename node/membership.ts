/**
 * How this host enters and leaves a cluster: what `swarm init`, `join` and `leave` do. One step at
 * a time; a step that fails leaves the host as it was.
 */
import type { MembershipStatus, SwarmMembership } from "../manager/api/host.js";
import { restartAlone } from "../manager/restart-alone.js";
import type { SwarmInitRequest, SwarmJoinRequest } from "../shared/docker-api/swarm-spec.js";
import { FailedPreconditionError, InvalidArgumentError } from "../shared/errors/cluster-error.js";
import type { NodeId } from "../shared/model/ids.js";
import { completeRemoteAddress } from "./advertise.js";
import { certificateTrouble } from "./certificate-trouble.js";
import type { EngineKind } from "./choose-engine.js";
import { ownRoutes } from "./create-network.js";
import { Expulsion } from "./expulsion.js";
import { firstReachable } from "./first-reachable.js";
import { forgetFormerMember, type FormerMember, readFormerMember } from "./former-member.js";
import { foundCluster } from "./found-cluster.js";
import { beginFromBackup } from "./from-backup.js";
import { initIdentity, joinCluster, loadIdentity, type NodeIdentity } from "./identity.js";
import { interfaceAddresses } from "./interface-addresses.js";
import { leaveWarning } from "./leave-warning.js";
import { managerFolder } from "./local-manager.js";
import { forgetCluster, Member, type MemberOptions } from "./member.js";
import { type MemberSettings, readMemberSettings } from "./member-file.js";
import { type DaemonAddresses, resettleAddresses, settleAddresses } from "./settle.js";

export interface MembershipOptions
  extends
    Omit<MemberOptions, "identity" | "settings" | "founding" | "newNode" | "entry" | "onRemoved">,
    DaemonAddresses {
  readonly engine: EngineKind;
}

/** How long a manager may take to answer a host that joins: two calls, and a certificate made. */
const JOIN_TIMEOUT_MS = 10_000;
/**
 * How long a host that entered waits for its first session: after it, an engine that
 * is late holds nobody up.
 */
const FIRST_SESSION_TIMEOUT_MS = 5_000;
/**
 * How long the tasks of a host that leaves may take to stop: a grace period of
 * Docker's default and more.
 */
const LEAVE_TIMEOUT_MS = 60_000;

const ALREADY_LEAVING = "This node is already leaving its swarm";
const ENTERING = "This node is still entering a swarm: wait until that has ended, then try again";
const ALREADY_MEMBER =
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.';
const UNKNOWN =
  "the managers do not know this node: it was removed, or the swarm was restored from a backup of before it joined; " +
  'its tasks run on; use "docker swarm leave" to stop them, and join again';
const BEING_REMOVED = "this node was removed from the swarm; its tasks are being stopped";
const REMOVED =
  "this node was removed from the swarm and runs none of its tasks any more; " +
  'use "docker swarm join" to join again, or "docker swarm leave" to forget it';
const NO_MANAGER_TO_GO_ON =
  "--force-new-cluster makes a cluster of what one manager has, and this node is a worker: run it on a manager";

/** What a membership begins or goes on with. */
type EntryOptions = Pick<MemberOptions, "identity" | "settings" | "founding" | "newNode" | "entry">;

export class Membership implements SwarmMembership {
  readonly #options: MembershipOptions;
  #member: Member | undefined;
  #former: FormerMember | undefined;
  #pending = false;
  /** While a removed host stops its tasks. */
  #expulsion: Expulsion | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Absent while in no cluster. */
  get member(): Member | undefined {
    return this.#member;
  }

  /**
   * Takes up the membership that this host had when it stopped, if it had one.
   * @throws what Member.start throws, FailedPreconditionError (files are damaged)
   */
  async resume(): Promise<void> {
    const { dataDir, logger } = this.#options;
    const identity = await loadIdentity(dataDir);
    this.#former = await readFormerMember(dataDir, logger);
    if (identity === undefined) return;
    const settings = await readMemberSettings(dataDir);
    if (settings === undefined) {
      // Written before anybody is told of the membership: it was cut short on the way in or out.
      logger.warn({ nodeId: identity.node.nodeId }, "forgetting a cluster that was not entered");
      await forgetCluster(dataDir);
      return;
    }
    const trouble = certificateTrouble(identity.node, this.#options.clock.wallMs());
    if (trouble !== undefined) {
      logger.error({ reason: trouble }, "the certificate is not valid now");
    }
    logger.info({ nodeId: identity.node.nodeId, role: identity.node.role }, "back in the cluster");
    const addresses = resettleAddresses(settings.addresses, this.#options, interfaceAddresses());
    this.#member = await this.#start({
      identity,
      settings: { ...settings, addresses },
      entry: "again",
    });
  }

  status(): MembershipStatus {
    const member = this.#member;
    if (member === undefined) return this.#statusOutside();
    const { nodeId, role } = member.identity.node;
    const trouble = this.#trouble(member);
    return {
      state: trouble === undefined ? "active" : "error",
      role,
      nodeId,
      nodeAddress: member.address,
      managers: member.managers,
      error: trouble ?? "",
    };
  }

  init(request: SwarmInitRequest): Promise<NodeId> {
    if (request.ForceNewCluster === true && this.#member !== undefined) return this.#goOnAlone();
    return this.#enter(async () => {
      const settings = this.#settings(request);
      const { clock, dataDir, random } = this.#options;
      const { identity, authority } = await initIdentity({ dataDir, clock, random });
      const made = { node: identity.node, authority };
      const { hostname } = this.#options;
      const host = { hostname, routes: await ownRoutes(this.#options) };
      const founding = foundCluster(request, made, this.#options, host);
      await this.#begin({ identity, settings, founding, entry: "first" });
      return identity.node.nodeId;
    });
  }

  restore(backup: AsyncIterable<Uint8Array>, request: SwarmInitRequest): Promise<NodeId> {
    return this.#enter(async () => {
      const settings = this.#settings(request);
      const entry = await beginFromBackup(backup, this.#options);
      await this.#begin({ ...entry, settings, entry: "first" });
      return entry.identity.node.nodeId;
    });
  }

  join(request: SwarmJoinRequest): Promise<void> {
    return this.#enter(async () => {
      const settings = this.#settings(request);
      const managers = (request.RemoteAddrs ?? []).map(completeRemoteAddress);
      const identity = await this.#joinAny(managers, request);
      const joined = { ...settings, managers };
      await this.#begin({ identity, settings: joined, entry: "first" });
    });
  }

  async leave({ forced }: { readonly forced: boolean }): Promise<void> {
    if (this.#pending) throw new FailedPreconditionError(this.#member ? ALREADY_LEAVING : ENTERING);
    if (this.#expulsion !== undefined) {
      if (!forced) throw new FailedPreconditionError(ALREADY_LEAVING);
      await this.#endExpulsion();
    }
    const member = this.#member;
    if (member === undefined) {
      await this.#forgetFormer();
      return;
    }
    if (member.manager !== undefined && !forced) {
      throw new FailedPreconditionError(leaveWarning(member.manager));
    }
    this.#pending = true;
    try {
      const manner = forced ? "forced" : "asked";
      await member.leave({ manner, signal: AbortSignal.timeout(LEAVE_TIMEOUT_MS) });
    } finally {
      this.#pending = false;
    }
    this.#member = undefined;
    this.#options.logger.info({ nodeId: member.identity.node.nodeId }, "left the cluster");
  }

  async close(): Promise<void> {
    await this.#endExpulsion();
    await this.#member?.close();
  }

  /**
   * The managers that are gone do not come back: this one goes on with what it has. Its tasks and
   * those of all workers run on.
   */
  async #goOnAlone(): Promise<NodeId> {
    const member = this.#member;
    if (this.#pending) throw new FailedPreconditionError(ALREADY_LEAVING);
    if (member?.manager === undefined) throw new FailedPreconditionError(NO_MANAGER_TO_GO_ON);
    const { identity, settings } = member;
    const { dataDir } = this.#options;
    this.#pending = true;
    try {
      await member.close();
      try {
        await restartAlone({ ...this.#options, dataDir: managerFolder(dataDir) });
      } finally {
        this.#member = await this.#start({ identity, settings, entry: "again" });
      }
    } finally {
      this.#pending = false;
    }
    return identity.node.nodeId;
  }

  #statusOutside(): MembershipStatus {
    const outside = { role: "none", nodeAddress: "", managers: [] } as const;
    if (this.#pending) return { ...outside, state: "pending", nodeId: "", error: "" };
    const former = this.#former;
    if (former === undefined) return { ...outside, state: "inactive", nodeId: "", error: "" };
    return { ...outside, state: "error", nodeId: former.nodeId, error: REMOVED };
  }

  /** Why this member is of no use to its cluster, where it is not. */
  #trouble(member: Member): string | undefined {
    if (this.#expulsion !== undefined) return BEING_REMOVED;
    if (member.isUnknown) return UNKNOWN;
    return certificateTrouble(member.identity.node, this.#options.clock.wallMs());
  }

  /** @throws FailedPreconditionError there is nothing to forget. */
  async #forgetFormer(): Promise<void> {
    if (this.#former === undefined) {
      throw new FailedPreconditionError("This node is not part of a swarm");
    }
    await forgetFormerMember(this.#options.dataDir);
    this.#former = undefined;
  }

  async #start(entry: EntryOptions): Promise<Member> {
    return await Member.start({
      ...this.#options,
      ...entry,
      onRemoved: (member) => this.#expel(member),
    });
  }

  /** The cluster removed this node: what it runs is nobody's any more. */
  #expel(member: Member): void {
    const { nodeId } = member.identity.node;
    this.#expulsion = new Expulsion({
      ...this.#options,
      member,
      onDone: () => {
        this.#expulsion = undefined;
        this.#member = undefined;
        this.#former = { nodeId };
      },
    });
  }

  async #endExpulsion(): Promise<void> {
    await this.#expulsion?.stop();
    this.#expulsion = undefined;
  }

  /** One entry at a time, and only from outside of any cluster. */
  async #enter<T>(step: () => Promise<T>): Promise<T> {
    if (this.#member !== undefined || this.#pending) {
      throw new FailedPreconditionError(ALREADY_MEMBER);
    }
    this.#pending = true;
    try {
      return await step();
    } finally {
      this.#pending = false;
    }
  }

  /**
   * Who is told that the host is in the cluster finds it there: `node ls`
   * right after shows it ready.
   */
  async #begin(entry: EntryOptions): Promise<void> {
    const { clock, dataDir, logger } = this.#options;
    const member = await this.#startOrForget(entry);
    this.#member = member;
    await forgetFormerMember(dataDir);
    this.#former = undefined;
    const begun = new AbortController();
    const late = clock.sleep(FIRST_SESSION_TIMEOUT_MS, begun.signal).then(
      () => logger.warn({}, "no session with a manager yet"),
      () => undefined,
    );
    await Promise.race([member.firstSession, late]);
    begun.abort();
  }

  async #startOrForget(entry: EntryOptions): Promise<Member> {
    try {
      return await this.#start(entry);
    } catch (error) {
      await forgetCluster(this.#options.dataDir);
      throw error;
    }
  }

  async #joinAny(managers: readonly string[], request: SwarmJoinRequest): Promise<NodeIdentity> {
    const { clock, dataDir, logger } = this.#options;
    if (managers.length === 0) {
      throw new InvalidArgumentError("at least one manager's address is needed to join");
    }
    return await firstReachable(managers, logger, (address) =>
      joinCluster({
        address,
        token: request.JoinToken ?? "",
        dataDir,
        availability: request.Availability ?? "active",
        clock,
        signal: AbortSignal.timeout(JOIN_TIMEOUT_MS),
      }),
    );
  }

  #settings(request: SwarmInitRequest | SwarmJoinRequest): MemberSettings {
    const { engine } = this.#options;
    const addresses = settleAddresses(request, this.#options, interfaceAddresses());
    return { addresses, managers: [], engine };
  }
}
