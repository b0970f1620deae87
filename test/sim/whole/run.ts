/** One run of a whole cluster from its plan: what happens, then peace, and what was wrong. */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import { ClusterError } from "../../../shared/errors/cluster-error.js";
import type { NodeId } from "../../../shared/model/ids.js";
import { seededRandom } from "../../../shared/ports/random.js";
import { RaftConsensus } from "../agreement/raft-consensus.js";
import { newNode, SimCluster, type SimClusterOptions } from "../cluster/sim-cluster.js";
import type { SimWorker } from "../cluster/sim-worker.js";
import { checksOf } from "./checks.js";
import { type Check, Ground, TICK_MS, type Violation } from "./ground.js";
import { lifeOf } from "./images.js";
import { MANAGER_TROUBLES } from "./manager-troubles.js";
import { networkWishes } from "./networks.js";
import { discontents } from "./peace-check.js";
import type { Happening, Plan } from "./plan.js";
import { describeEvent } from "./story.js";
import { TROUBLES } from "./troubles.js";
import { create, soundWishes, type Wish, WISHES } from "./wishes.js";

export interface RunReport {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Of everything that happened: two runs of one seed have the same. */
  readonly fingerprint: string;
  /** Commands that were committed. */
  readonly commands: number;
  readonly tasks: number;
  /** From the last trouble until all was as it should be. */
  readonly peaceMs: number | undefined;
}

/** How often a user asks again whose wish met no leader. */
const ASK_AGAIN_MS = 300;
const NOT_DONE: ReadonlySet<string> = new Set(["no-leader", "proposal-dropped", "try-again"]);
const ASKED_AT_MOST = 30;

/** Longer than any wait that a trouble may have set going: back-off and a flapping node's, a minute each. */
const PEACE_LIMIT_MS = 240_000;
const LOOK_MS = 3_000;
/** What does not last comes and goes: one look may miss it. */
const CALM_LOOKS = 3;

export async function runPlan(plan: Plan, tell?: (line: string) => void): Promise<RunReport> {
  const run = new Run(plan, await SimCluster.start(optionsOf(plan)), tell ?? (() => undefined));
  return await run.run();
}

function optionsOf({ seed, managers, hosts, ownWorkers, agreement }: Plan): SimClusterOptions {
  const joins = (place: number): "at once" | "later" =>
    hosts[place]?.joinsAtMs === 0 ? "at once" : "later";
  const options = { seed: `whole ${seed}`, managers, workers: hosts.length, ownWorkers, joins };
  if (agreement === undefined) return options;
  return { ...options, consensus: (ground) => new RaftConsensus(ground, agreement) };
}

class Run {
  readonly #plan: Plan;
  readonly #cluster: SimCluster;
  readonly #ground: Ground;
  readonly #checks: readonly Check[];
  readonly #mends = new Set<() => void>();
  #over = false;

  constructor(plan: Plan, cluster: SimCluster, tell: (line: string) => void) {
    this.#plan = plan;
    this.#cluster = cluster;
    this.#ground = new Ground(cluster, tell);
    this.#checks = checksOf(this.#ground);
    cluster.store.watch(({ events }) => this.#committed(events));
    cluster.consensus.onWrong = (property, detail) => this.#ground.violated(property, detail);
  }

  async run(): Promise<RunReport> {
    const { clock } = this.#cluster;
    this.#furnish();
    this.#tick();
    await clock.advance(2_000);
    for (let number = 0; number < this.#plan.services; number++) {
      this.#wish((view, random, atMs) => [create(view, random, atMs)], `service ${number}`);
    }
    await clock.advance(3_000);
    const beginMs = clock.nowMs();
    for (const happening of this.#plan.happenings) {
      clock.after(happening.atMs, () => this.#happen(happening));
    }
    this.#plan.hosts.forEach(({ joinsAtMs }, i) => {
      if (joinsAtMs > 0) clock.after(joinsAtMs, () => this.#join(this.#cluster.workers[i]!));
    });
    await this.#advance(beginMs + this.#plan.untilMs - clock.nowMs());
    for (const mend of this.#mends) mend();
    this.#ground.say("peace");
    const peaceMs = await this.#makePeace();
    this.#ground.say("and all templates are sound");
    this.#wish((view, _random, atMs) => soundWishes(view, atMs), "sound templates");
    await this.#makePeace();
    this.#over = true;
    return this.#report(peaceMs);
  }

  async #advance(ms: number): Promise<void> {
    const endMs = this.#cluster.nowMs + ms;
    while (this.#cluster.nowMs < endMs && this.#ground.violations.length === 0) {
      await this.#cluster.clock.advance(Math.min(1_000, endMs - this.#cluster.nowMs));
    }
  }

  /** @returns how long it took until all was as it should be. */
  async #makePeace(): Promise<number | undefined> {
    const beganMs = this.#cluster.nowMs;
    const elect = this.#cluster.managers.findIndex(({ process }) => process !== undefined);
    if (this.#cluster.leader === undefined) this.#cluster.elect(Math.max(0, elect));
    let left: readonly string[] = [];
    for (let calm = 0; this.#cluster.nowMs - beganMs < PEACE_LIMIT_MS;) {
      await this.#advance(LOOK_MS);
      if (this.#ground.violations.length > 0) return undefined;
      left = discontents(this.#ground);
      calm = left.length === 0 ? calm + 1 : 0;
      if (calm >= CALM_LOOKS) return this.#cluster.nowMs - beganMs;
    }
    this.#ground.violated("in peace all is as it should be", left.slice(0, 5).join("; "));
    return undefined;
  }

  #report(peaceMs: number | undefined): RunReport {
    const [failure] = this.#cluster.failures;
    if (failure !== undefined) {
      const stack = failure instanceof Error ? failure.stack : JSON.stringify(failure);
      this.#ground.violated("nothing fails by itself", stack ?? "");
    }
    const [violation] = this.#ground.violations;
    const { view, tasks } = this.#ground;
    return {
      seed: this.#plan.seed,
      violation,
      fingerprint: `${this.#cluster.store.stateHash()} ${this.#cluster.nowMs}`,
      commands: view.sequence,
      tasks: tasks.size,
      peaceMs,
    };
  }

  /** What hosts have, and what becomes of containers there. */
  #furnish(): void {
    const { seed, hosts } = this.#plan;
    networkWishes(seed).forEach((wish, i) => this.#wish(wish, `network ${i}`));
    this.#cluster.workers.forEach(({ engine, name, nodeId, hasJoined }, i) => {
      const { nanoCpus, memoryBytes, generics } = hosts[i]!;
      engine.lifeOf = ({ taskId, template }) => {
        const image = template.template.ContainerSpec?.Image;
        return lifeOf(image, seededRandom(`whole ${seed}/${taskId}`));
      };
      engine.goAway();
      engine.description = {
        Hostname: name,
        Platform: { OS: "linux", Architecture: "x86_64" },
        Engine: { Plugins: [{ Type: "Network", Name: "overlay" }] },
        Resources: {
          NanoCPUs: nanoCpus,
          MemoryBytes: memoryBytes,
          GenericResources: [...generics],
        },
      };
      engine.comeBack();
      if (hasJoined) this.#label(nodeId);
    });
  }

  #label(nodeId: NodeId): void {
    const place = this.#cluster.workers.findIndex((worker) => worker.nodeId === nodeId);
    const { zone } = this.#plan.hosts[place]!;
    this.#wish((view) => {
      const node = view.node(nodeId);
      if (node === undefined) return [];
      return [{ kind: "update-node", nodeId, spec: { ...node.spec, Labels: { zone } } }];
    }, `label ${nodeId}`);
  }

  /** Its node is made once; its agent comes when it is. */
  #join(worker: SimWorker): void {
    const { nodeId } = worker;
    const make: Wish = (view) => (view.node(nodeId) === undefined ? [newNode(nodeId)] : []);
    this.#wish(make, `${nodeId} joins`, () => {
      worker.join();
      this.#label(nodeId);
    });
  }

  #happen({ kind, number }: Happening): void {
    const random = seededRandom(`whole ${this.#plan.seed}/happening ${number}`);
    const [trouble, wish] = [TROUBLES[kind] ?? MANAGER_TROUBLES[kind], WISHES[kind]];
    if (wish !== undefined) this.#wish(wish, `${number} ${kind}`);
    if (trouble === undefined) return;
    const { lastsMs, begin } = trouble;
    const forMs = lastsMs[0] + random.below(lastsMs[1] - lastsMs[0]);
    this.#ground.say(`${number} ${kind} for ${forMs} ms`);
    const mend = begin(this.#cluster, random);
    const once = (): void => {
      if (this.#mends.delete(once)) mend();
    };
    this.#mends.add(once);
    this.#cluster.clock.after(forMs, once);
  }

  #wish(wish: Wish, name: string, then: () => void = () => undefined, asked = 1): void {
    const { consensus, clock } = this.#cluster;
    const random = seededRandom(`whole ${this.#plan.seed}/${name}`);
    const again = (): void => {
      if (asked < ASKED_AT_MOST)
        clock.after(ASK_AGAIN_MS, () => this.#wish(wish, name, then, asked + 1));
    };
    const written = consensus.update((tx) => {
      for (const change of wish(tx.view, random, tx.atMs)) tx.apply(change);
    });
    written.then(
      () => {
        this.#ground.say(`done: ${name}`);
        then();
      },
      (error: unknown) => {
        if (!(error instanceof ClusterError)) this.#cluster.failures.push(error);
        else if (NOT_DONE.has(error.code)) again();
        else this.#ground.say(`refused: ${name}: ${error.message}`);
      },
    );
  }

  #committed(events: readonly StoreEvent[]): void {
    for (const event of events) {
      this.#ground.see(event);
      const text = describeEvent(event);
      if (text !== undefined) this.#ground.say(text);
    }
    for (const check of this.#checks) check.committed?.(events);
  }

  #tick(): void {
    if (this.#over) return;
    this.#ground.tick();
    for (const check of this.#checks) check.tick?.();
    this.#cluster.clock.after(TICK_MS, () => this.#tick());
  }
}
