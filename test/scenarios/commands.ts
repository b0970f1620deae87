/** What a transcript can say, and what each command prints. */
import { planDrain } from "../../manager/api/core/plan-node.js";
import { planRebalance } from "../../manager/api/core/plan-rebalance.js";
import type { Change } from "../../manager/store/core/change.js";
import { parseGenericResources } from "../../node/generic-resources.js";
import type { RebalanceConfig, SwarmSpec } from "../../shared/docker-api/swarm-spec.js";
import type { NodeId, ServiceId } from "../../shared/model/ids.js";
import type { Availability, NodeState } from "../../shared/model/node.js";
import { sampleNode } from "../samples/objects.js";
import { editCluster } from "./cluster-options.js";
import { describePlan, explainServiceOf, explainTaskOf } from "./describe-foresight.js";
import {
  describeHistory,
  describeRebalance,
  describeUpdate,
  describeWorld,
} from "./describe-world.js";
import { milliseconds, nanoseconds } from "./durations.js";
import { editSpec, editTemplate } from "./service-options.js";
import type { World } from "./world.js";

type Command = (world: World, args: Arguments) => Promise<string | undefined>;

/** `wait` and what changes nothing about time print what is there; orders print nothing. */
const COMMANDS: Readonly<Record<string, Command>> = {
  /** nodes 3: n1, n2 and n3, ready and active */
  nodes: async (world, { words: [count = "1"] }) => {
    for (let i = 1; i <= Number(count); i++) await addNode(world, `n${i}`, {});
    return undefined;
  },
  /** node n4 zone=east cpus=2 arch=arm64 generic=gpu=A,gpu=B,ssd=4 */
  node: (world, { words: [id = ""], options }) => addNode(world, id, options),
  /** create web replicas=3 image=crash … */
  create: async (world, { words: [name = ""], options }) => {
    await world.createService(editSpec({ Name: name }, options));
    world.rememberNames();
    return undefined;
  },
  /** update web image=v2 … */
  update: async (world, { words: [name = ""], options }) => {
    await world.updateService(name, (spec) => editSpec(spec, options));
    return undefined;
  },
  /** rerun job: as `service update --force` */
  rerun: async (world, { words: [name = ""] }) => {
    await world.updateService(name, (spec) =>
      editTemplate(spec, { ForceUpdate: (spec.TaskTemplate?.ForceUpdate ?? 0) + 1 }),
    );
    return undefined;
  },
  /** The spec before the last change, as `docker service rollback`; or to=3: any revision that is kept */
  rollback: async (world, { words: [name = ""], options: { to } }) => {
    await world.rollBack(name, to === undefined ? undefined : Number(to));
    return undefined;
  },
  /** revisions web: as `skep service history` */
  revisions: async (world, { words: [name = ""] }) => describeHistory(world, name),
  /** rebalance web: as `skep service rebalance`, and what the service says of it then */
  rebalance: async (world, { words: [name = "", wish] }) => {
    if (wish === "status") return describeRebalance(world, name);
    await world.change(planRebalance(world.service(name), world.clock.wallMs()));
    return undefined;
  },
  /** rebalancing when=on-return parallelism=2 cool-down=30s: settings of the cluster */
  rebalancing: async (world, { options }) => {
    await world.change({ kind: "update-cluster", spec: rebalancing(options) });
    return undefined;
  },
  /** What the service says of its update, its task named by its place. */
  status: async (world, { words: [name = ""] }) => describeUpdate(world, name),
  scale: async (world, { words: [name = "", replicas = ""] }) => {
    await world.updateService(name, (spec) => editSpec(spec, { replicas }));
    return undefined;
  },
  remove: async (world, { words: [name = ""] }) => {
    await world.change({ kind: "remove-service", serviceId: world.service(name).id });
    return undefined;
  },
  /** wait 5s, or wait 5s web.1 to see that alone */
  wait: async (world, { words: [time = "0s", ...places] }) => {
    await world.wait(milliseconds(time));
    return describeWorld(world, places);
  },
  /** fail web.1: its container ends with exit code 1 */
  fail: (world, { words: [place = ""] }) => endTask(world, place, 1),
  finish: (world, { words: [place = ""] }) => endTask(world, place, 0),
  /** sicken web.1: its health check fails from now on; cure web.1: it passes again */
  sicken: async (world, { words: [place = ""] }) => {
    world.hosts.feel(world.taskAt(place).id, "sick");
    return undefined;
  },
  cure: async (world, { words: [place = ""] }) => {
    world.hosts.feel(world.taskAt(place).id, "well");
    return undefined;
  },
  /** drain n1, or drain n1 deadline=30s */
  drain: async (world, { words: [id = ""], options: { deadline } }) => {
    const drain = deadline === undefined ? {} : { Within: nanoseconds(deadline) };
    await world.change(planDrain(world.node(id), drain, world.clock.wallMs()));
    return undefined;
  },
  pause: (world, { words: [id = ""] }) => setAvailability(world, id, "pause"),
  activate: (world, { words: [id = ""] }) => setAvailability(world, id, "active"),
  /** label n1 zone=west */
  label: async (world, { words: [id = ""], options }) => {
    const { spec } = world.node(id);
    await world.change({
      kind: "update-node",
      nodeId: id as NodeId,
      spec: { ...spec, Labels: { ...spec.Labels, ...options } },
    });
    return undefined;
  },
  /** The host cannot be reached, and the dispatcher has noticed; what runs there runs on. */
  down: async (world, { words: [id = ""] }) => {
    world.hosts.cutOff(id as NodeId);
    return setState(world, id, "down");
  },
  /** What the host is told does not reach its engine, and nobody has noticed; `up` ends that. */
  hang: (world, { words: [id = ""] }) => {
    world.hosts.cutOff(id as NodeId);
    return Promise.resolve(undefined);
  },
  /** Its agent has ended its session, or its engine is away: what it has stays, nothing new comes. */
  disconnect: (world, { words: [id = ""] }) => setState(world, id, "disconnected"),
  up: async (world, { words: [id = ""] }) => {
    await setState(world, id, "ready");
    world.hosts.reconnect(id as NodeId);
    return undefined;
  },
  /** The node leaves the cluster for good. */
  forget: async (world, { words: [id = ""] }) => {
    world.hosts.cutOff(id as NodeId);
    await world.change({ kind: "remove-node", nodeId: id as NodeId });
    return undefined;
  },
  /** resize n1 cpus=1 generic=gpu=A: the host comes back from a restart as another machine */
  resize: async (world, { words: [id = ""], options }) => {
    const { status, description } = world.node(id);
    const { cpus, generic } = options;
    const Resources = {
      ...description?.Resources,
      ...(cpus !== undefined && { NanoCPUs: Number(cpus) * 1e9 }),
      ...(generic !== undefined && { GenericResources: parseGenericResources([generic]) }),
    };
    await world.change({
      kind: "observe-node",
      nodeId: id as NodeId,
      status,
      description: { ...description, Resources },
    });
    return undefined;
  },
  /** strategy binpack */
  strategy: async (world, { words: [name = ""] }) => {
    const PlacementStrategy = name as "spread" | "binpack";
    await world.change({ kind: "update-cluster", spec: { Orchestration: { PlacementStrategy } } });
    return undefined;
  },
  /** What `skep service plan create` says, in the words of `create` here. */
  "plan-create": async (world, { words: [name = ""], options }) => {
    const change = world.createChange(editSpec({ Name: name }, options), "planned" as ServiceId);
    return describePlan(world, change);
  },
  "plan-update": async (world, { words: [name = ""], options }) =>
    describePlan(
      world,
      world.updateChange(name, (spec) => editSpec(spec, options)),
    ),
  /** explain web: as `skep service explain`; explain web.1: as `skep task explain` of the task there */
  explain: async (world, { words: [place = ""] }) =>
    place.includes(".")
      ? explainTaskOf(world, world.latestAt(place))
      : explainServiceOf(world, place),
  "lose-proposals": async (world) => {
    world.loseProposals();
    return undefined;
  },
  /** settings orphan-after=1h: as `skep swarm update` */
  settings: async (world, { options }) => {
    const spec = editCluster(world.view.cluster()?.spec ?? {}, options);
    await world.change({ kind: "update-cluster", spec });
    return undefined;
  },
  /** history 2: tasks remembered per slot */
  history: async (world, { words: [limit = ""] }) => {
    const spec = { Orchestration: { TaskHistoryRetentionLimit: Number(limit) } };
    await world.change({ kind: "update-cluster", spec });
    return undefined;
  },
  "change-leader": async (world) => {
    await world.changeLeader();
    return undefined;
  },
};

export interface Arguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export async function runCommand(world: World, line: string): Promise<string> {
  const [verb = "", ...rest] = line.split(/\s+/);
  const command = COMMANDS[verb];
  if (command === undefined) throw new Error(`no such command: ${verb}`);
  return (await command(world, argumentsOf(rest))) ?? "";
}

/** What `update web …` would ask of the store. */
export function changeInWords(world: World, line: string): Change {
  const { options } = argumentsOf(line.split(/\s+/));
  return world.updateChange("web", (spec) => editSpec(spec, options));
}

function argumentsOf(given: readonly string[]): Arguments {
  return {
    words: given.filter((word) => !word.includes("=")),
    options: Object.fromEntries(
      given.filter((word) => word.includes("=")).map((word) => splitOnce(word, "=")),
    ),
  };
}

function splitOnce(word: string, separator: string): [string, string] {
  const at = word.indexOf(separator);
  return [word.slice(0, at), word.slice(at + 1)];
}

async function addNode(
  world: World,
  id: string,
  { cpus, memory, generic, arch, ...labels }: Arguments["options"],
): Promise<undefined> {
  const node = sampleNode({
    id,
    labels,
    ...(arch !== undefined && { architecture: arch }),
    ...(generic !== undefined && { generics: parseGenericResources([generic]) }),
    ...(cpus === undefined ? {} : { nanoCpus: Number(cpus) * 1e9 }),
    ...(memory === undefined ? {} : { memoryBytes: Number(memory) * 2 ** 20 }),
  });
  await world.change({ kind: "create-node", node });
  return undefined;
}

async function setAvailability(
  world: World,
  id: string,
  availability: Availability,
): Promise<undefined> {
  const spec = { ...world.node(id).spec, Availability: availability };
  await world.change({ kind: "update-node", nodeId: id as NodeId, spec });
  return undefined;
}

async function setState(world: World, id: string, state: NodeState): Promise<undefined> {
  const status = { ...world.node(id).status, state };
  await world.change({ kind: "observe-node", nodeId: id as NodeId, status });
  return undefined;
}

async function endTask(world: World, place: string, exitCode: number): Promise<undefined> {
  const ended = world.hosts.end(world.taskAt(place).id, exitCode);
  await world.wait(10);
  await ended;
  return undefined;
}

function rebalancing(options: Arguments["options"]): SwarmSpec {
  const { when, parallelism, "cool-down": coolDown } = options;
  const Rebalance: RebalanceConfig = {
    ...(when !== undefined && { When: when as NonNullable<RebalanceConfig["When"]> }),
    ...(parallelism !== undefined && { Parallelism: Number(parallelism) }),
    ...(coolDown !== undefined && { CoolDown: nanoseconds(coolDown) }),
  };
  return { Orchestration: { Rebalance } };
}
