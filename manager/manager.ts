/**
 * One manager: the store on its log, its part in consensus, the loops that run while it leads, and
 * the calls that it answers. Wiring only; every decision lives in the parts.
 *
 * `skepd` starts one while this host's role says so, and closes it when the role
 * changes or the host stops.
 */
import type { Readable } from "node:stream";

import type { RaftReport } from "../shared/docker-api/consensus.js";
import type { ClusterError } from "../shared/errors/cluster-error.js";
import type { NodeId } from "../shared/model/ids.js";
import type { Node } from "../shared/model/node.js";
import type { IssueRequest, IssueResponse } from "../shared/rpc/ca-rpc.js";
import type { HostPort } from "../shared/rpc/host-port.js";
import type { RpcServer } from "../shared/rpc/rpc-server.js";
import type { CertifiedNode } from "../shared/rpc/tls-identity.js";
import { Allocator } from "./allocator/allocator.js";
import { LatelyFreed } from "./allocator/core/lately-freed.js";
import type { ApiManager, ManagerPlace, ManagerReachability } from "./api/host.js";
import { Attacher } from "./attachments/attacher.js";
import { Issuer } from "./ca/issuer.js";
import { Consensus, type ConsensusOptions } from "./consensus.js";
import { Dispatcher } from "./dispatcher/dispatcher.js";
import { type LeaderKnowledge, NO_KNOWLEDGE } from "./explain/core/knowledge.js";
import { CallForwarder } from "./forward/call-forwarder.js";
import { type HttpAnswer, type HttpRequest, REQUEST } from "./forward/forward-rpc.js";
import { LeaderLink, type LeaderPlace } from "./forward/leader-link.js";
import { LeaderLoops } from "./leadership.js";
import { announce } from "./members/announcer.js";
import { MemberKeeper } from "./members/member-keeper.js";
import { ENLIST, type EnlistRequest, type EnlistResponse, RESIGN } from "./members/members-rpc.js";
import { raftReport } from "./members/raft-report.js";
import { Recruiter } from "./members/recruiter.js";
import { Orchestrator } from "./orchestrator/orchestrator.js";
import { backupOf } from "./restart-alone.js";
import { Scheduler } from "./scheduler/scheduler.js";
import type { Store } from "./store/store.js";

export interface ManagerOptions extends Omit<ConsensusOptions, "onLeadership"> {
  /** Answers requests of the public API that other managers pass on. */
  readonly answerRequest: (request: HttpRequest) => Promise<HttpAnswer>;
}

export class Manager implements ApiManager {
  readonly store: Store;
  readonly #options: ManagerOptions;
  readonly #consensus: Consensus;
  readonly #freed = new LatelyFreed();
  readonly #link: LeaderLink;
  readonly #loops: LeaderLoops;
  readonly #dispatcher: Dispatcher;
  readonly #issuer: Issuer;
  readonly #attacher: Attacher;
  readonly #recruiter: Recruiter;
  readonly #closing = new AbortController();
  #started = false;
  #knownManagers = "";
  /** That of the present term, or of the last. */
  #orchestrator: Orchestrator | undefined;

  /**
   * Recovers the state from the disk; being alone, it leads then.
   * @throws DamagedLogError, StorageFailedError, and what `enlist` throws.
   */
  static async open(options: ManagerOptions): Promise<Manager> {
    const opened: { manager?: Manager } = {};
    const consensus = await Consensus.open({
      ...options,
      onLeadership: () => opened.manager?.leadershipChanged(),
    });
    const manager = new Manager(options, consensus);
    opened.manager = manager;
    return manager;
  }

  private constructor(options: ManagerOptions, consensus: Consensus) {
    const { clock, identity, random, logger } = options;
    const { log, roster, store } = consensus;
    this.store = store;
    this.#options = options;
    this.#consensus = consensus;
    this.#link = new LeaderLink({
      identity,
      clock,
      leader: () => this.#leader,
      whyUnavailable: () => roster.whyUnavailable(),
    });
    this.#issuer = new Issuer({ store, clock, random, logger });
    this.#attacher = new Attacher({ store, clock, logger });
    this.#recruiter = new Recruiter({ store, roster, logger });
    this.#dispatcher = new Dispatcher({
      store,
      clock,
      random: random.fork("dispatcher"),
      logger: logger.child({ part: "dispatcher" }),
      leadership: () => log.leadership,
      managers: () => roster.addresses,
      // A leader that hears no majority for as long as an election takes is none any more.
      quorum: () => (consensus.leads() ? "fresh" : "stale"),
    });
    store.watch(({ events }) => this.#freed.observe(events, clock.nowMs()));
    this.#loops = this.#leaderLoops();
  }

  /** Answers what other hosts ask. */
  serveOn(server: RpcServer): void {
    const { transport } = this.#consensus;
    const forwarder = new CallForwarder(this.#link, () => this.#leader === "here");
    const passing = forwarder.on(server);
    forwarder.serveOn(server);
    transport.serveOn(server);
    this.#issuer.serveOn(passing);
    this.#attacher.serveOn(passing);
    this.#dispatcher.serveOn({
      stream: (method, handler) => {
        server.stream(method, handler);
      },
      unary: (method, handler) => {
        passing.unary(method, handler);
      },
    });
    passing.unary(ENLIST, (request, caller) => this.#recruiter.enlist(request, caller));
    passing.unary(RESIGN, (request, caller) => this.#recruiter.resign(request, caller));
    server.unary(REQUEST, (request) => this.#options.answerRequest(request));
  }

  /**
   * Begins to take part and to act. Resolves once the others know where this manager is, or may
   * be told later.
   * @param address where they find it.
   */
  async start(address: HostPort): Promise<void> {
    const { clock, identity, logger } = this.#options;
    const { memberId, store } = this.#consensus;
    this.#started = true;
    this.#consensus.begin();
    store.watch(({ events }) => {
      if (events.some(({ type }) => type === "node")) this.#nodesChanged();
    });
    this.leadershipChanged();
    const { node } = identity;
    const { nodeId } = node;
    const enlist = (request: EnlistRequest): Promise<EnlistResponse> =>
      this.#recruiter.enlist(request, { address: address.host, node });
    const link = this.#link;
    const what = { store, link, nodeId, memberId, address, enlist, clock, logger };
    const announced = announce(what, this.#closing.signal);
    announced.catch(this.#options.onFatal);
    if (this.#leader === "here") await announced;
  }

  leadershipChanged(): void {
    if (this.#started) this.#loops.leadershipChanged(this.#consensus.log.leadership);
  }

  async readIndex(signal: AbortSignal): Promise<void> {
    await this.#consensus.log.readIndex(signal);
  }

  whyUnavailable(): ClusterError {
    return this.#consensus.roster.whyUnavailable();
  }

  forward(request: HttpRequest, patienceMs: number): Promise<HttpAnswer> {
    return this.#link.ask({
      method: REQUEST,
      request,
      here: () => this.#options.answerRequest(request),
      repeatable: "yes",
      patienceMs,
    });
  }

  checkDemotion(node: Node): void {
    this.#recruiter.checkDemotion(node);
  }

  raftStatus(): RaftReport {
    return raftReport(this.#consensus);
  }

  get knowledge(): LeaderKnowledge {
    return this.#leader === "here" ? (this.#orchestrator?.knowledge ?? NO_KNOWLEDGE) : NO_KNOWLEDGE;
  }

  backup(): Readable {
    return backupOf(this.store, this.#consensus.log);
  }

  /**
   * For this host itself, whose certificate may be one that no connection takes any more.
   * @throws NotFoundError the node was removed.
   */
  renewCertificate(request: IssueRequest, node: CertifiedNode): Promise<IssueResponse> {
    return this.#issuer.renew(request, node);
  }

  /** The managers that there are, and where. */
  get managers(): readonly ManagerPlace[] {
    return this.#consensus.roster.places;
  }

  /** There is no other manager. */
  get isAlone(): boolean {
    return this.#consensus.roster.others.length === 0;
  }

  /** The others have not let this manager go, as far as it knows. */
  get takesPart(): boolean {
    return this.#consensus.takesPart;
  }

  managerStatus(nodeId: NodeId): ManagerReachability | undefined {
    return this.#consensus.roster.reachabilityOf(nodeId);
  }

  /** Ends the loops, hands on the lead, and closes the log; what was acknowledged is on the disk. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the manager is stopping"));
    await this.#consensus.handOver();
    this.#started = false;
    await this.#loops.close();
    this.#link.close();
    await this.#consensus.close();
  }

  get #leader(): LeaderPlace {
    const { log, memberId, roster } = this.#consensus;
    if (this.#consensus.leads()) return "here";
    const { leader } = log.status;
    if (leader === undefined || leader === memberId) return undefined;
    const address = roster.addressOf(leader);
    return address === undefined ? undefined : { address };
  }

  /** Nodes change all the time; who the managers are and where does not. */
  #nodesChanged(): void {
    const managers = this.managers.map(({ address, nodeId }) => `${nodeId} ${address}`).join();
    if (managers === this.#knownManagers) return;
    this.#knownManagers = managers;
    this.#consensus.meetOthers();
    this.#dispatcher.managersChanged();
  }

  #beginOrchestrator(): Orchestrator {
    const { clock, logger, random } = this.#options;
    const { store } = this.#consensus;
    const options = { store, clock, random: random.fork("orchestrator"), logger };
    return (this.#orchestrator = new Orchestrator(options));
  }

  #leaderLoops(): LeaderLoops {
    const { clock, logger, onFatal } = this.#options;
    const { log, roster, store } = this.#consensus;
    return new LeaderLoops({
      loops: () => [
        this.#dispatcher,
        new MemberKeeper({
          store,
          consensus: log,
          isUp: (member) => roster.isUp(member),
          clock,
          logger,
        }),
        this.#beginOrchestrator(),
        new Allocator({ store, clock, freed: this.#freed, logger }),
        new Scheduler({ store, clock, logger }),
      ],
      logger,
      onFailed: onFatal,
    });
  }
}
