/** What a transcript can say, and what each command prints. */
import { planDrain } from "../../manager/api/core/plan-node.js";
import { planRebalance } from "../../manager/api/core/plan-rebalance.js";
import type { Change } from "../../manager/store/core/change.js";
import { parseGenericResources } from "../../node/generic-resources.js";
import type {
  ReplicatedJob,
  RollbackConfig,
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../../shared/docker-api/service-spec.js";
import type { RebalanceConfig, SwarmSpec } from "../../shared/docker-api/swarm-spec.js";
import type { Placement, RestartPolicy } from "../../shared/docker-api/task-spec.js";
import type { NodeId, ServiceId } from "../../shared/model/ids.js";
import type { Availability, NodeState } from "../../shared/model/node.js";
import { sampleNode } from "../samples/objects.js";
import { describePlan, explainServiceOf, explainTaskOf } from "./describe-foresight.js";
import { describeRebalance, describeUpdate, describeWorld } from "./describe-world.js";
import type { World } from "./world.js";

type Command = (world: World, args: Arguments) => Promise<string | undefined>;

/** `wait` and what changes nothing about time print what is there; orders print nothing. */
const COMMANDS: Readonly<Record<string, Command>> = {
  /** nodes 3: n1, n2 and n3, ready and active */
  nodes: async (world, { words: [count = "1"] }) => {
    for (let i = 1; i <= Number(count); i++) await addNode(world, `n${i}`, {});
    return undefined;
  },
  /** node n4 zone=east cpus=2 generic=gpu=A,gpu=B,ssd=4 */
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
  /** The spec before the last change, as `docker service rollback` */
  rollback: async (world, { words: [name = ""] }) => {
    await world.rollBack(name);
    return undefined;
  },
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
  { cpus, memory, generic, ...labels }: Arguments["options"],
): Promise<undefined> {
  const node = sampleNode({
    id,
    labels,
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

/** How each option of `create` and `update` changes the spec. */
const EDITS: Readonly<Record<string, (spec: ServiceSpec, value: string) => ServiceSpec>> = {
  mode: (spec, value) => ({ ...spec, Mode: modeNamed(value) }),
  replicas: (spec, value) => ({ ...spec, Mode: { Replicated: { Replicas: Number(value) } } }),
  total: (spec, value) => editJob(spec, { TotalCompletions: Number(value) }),
  concurrent: (spec, value) => editJob(spec, { MaxConcurrent: Number(value) }),
  image: (spec, value) => editContainer(spec, { Image: value }),
  "stop-grace": (spec, value) => editContainer(spec, { StopGracePeriod: nanoseconds(value) }),
  restart: (spec, value) =>
    editPolicy(spec, { Condition: value as NonNullable<RestartPolicy["Condition"]> }),
  delay: (spec, value) => editPolicy(spec, { Delay: nanoseconds(value) }),
  attempts: (spec, value) => editPolicy(spec, { MaxAttempts: Number(value) }),
  window: (spec, value) => editPolicy(spec, { Window: nanoseconds(value) }),
  constraint: (spec, value) => editPlacement(spec, { Constraints: [constraint(value)] }),
  /** spread=zone,rack: over the values of the first label, within each over those of the second */
  spread: (spec, value) => editPlacement(spec, { Preferences: value.split(",").map(spreadOver) }),
  "max-per-node": (spec, value) => editPlacement(spec, { MaxReplicas: Number(value) }),
  cpus: (spec, value) => editReservations(spec, Number(value) * 1e9),
  generic: (spec, value) =>
    editTemplate(spec, {
      Resources: { Reservations: { GenericResources: parseGenericResources([value]) } },
    }),
  parallelism: (spec, value) => editUpdate(spec, { Parallelism: Number(value) }),
  "update-delay": (spec, value) => editUpdate(spec, { Delay: nanoseconds(value) }),
  monitor: (spec, value) => editUpdate(spec, { Monitor: nanoseconds(value) }),
  "failure-action": (spec, value) =>
    editUpdate(spec, { FailureAction: value as NonNullable<UpdateConfig["FailureAction"]> }),
  "max-failure-ratio": (spec, value) => editUpdate(spec, { MaxFailureRatio: Number(value) }),
  "rollback-parallelism": (spec, value) => editRollback(spec, { Parallelism: Number(value) }),
  "rollback-delay": (spec, value) => editRollback(spec, { Delay: nanoseconds(value) }),
  "rollback-monitor": (spec, value) => editRollback(spec, { Monitor: nanoseconds(value) }),
  "rollback-failure-action": (spec, value) =>
    editRollback(spec, { FailureAction: value as NonNullable<RollbackConfig["FailureAction"]> }),
  "rollback-order": (spec, value) =>
    editRollback(spec, { Order: value as NonNullable<RollbackConfig["Order"]> }),
  force: (spec, value) => editTemplate(spec, { ForceUpdate: Number(value) }),
  label: (spec, value) => ({ ...spec, Labels: { label: value } }),
  order: (spec, value) => editUpdate(spec, { Order: value as NonNullable<UpdateConfig["Order"]> }),
};

function modeNamed(name: string): ServiceMode {
  if (name === "global") return { Global: {} };
  if (name === "global-job") return { GlobalJob: {} };
  if (name === "replicated-job") return { ReplicatedJob: {} };
  throw new Error(`no such mode: ${name}`);
}

function editSpec(spec: ServiceSpec, options: Arguments["options"]): ServiceSpec {
  return Object.entries(options).reduce((edited, [name, value]) => {
    const edit = EDITS[name];
    if (edit === undefined) throw new Error(`no such option: ${name}`);
    return edit(edited, value);
  }, spec);
}

function editJob(spec: ServiceSpec, change: ReplicatedJob): ServiceSpec {
  return { ...spec, Mode: { ReplicatedJob: { ...spec.Mode?.ReplicatedJob, ...change } } };
}

type Template = NonNullable<ServiceSpec["TaskTemplate"]>;

function editTemplate(spec: ServiceSpec, change: Template): ServiceSpec {
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ...change } };
}

function editContainer(
  spec: ServiceSpec,
  change: NonNullable<Template["ContainerSpec"]>,
): ServiceSpec {
  return editTemplate(spec, {
    ContainerSpec: { ...spec.TaskTemplate?.ContainerSpec, ...change },
  });
}

function editPolicy(spec: ServiceSpec, change: RestartPolicy): ServiceSpec {
  return editTemplate(spec, { RestartPolicy: { ...spec.TaskTemplate?.RestartPolicy, ...change } });
}

/** `zone=east` in a transcript is `node.labels.zone == east`, `zone!east` its opposite. */
function constraint(value: string): string {
  const expression = value.includes("!")
    ? value.replace("!", " != ")
    : value.replace(/[=:]/, " == ");
  return `node.labels.${expression}`;
}

function spreadOver(label: string): NonNullable<Placement["Preferences"]>[number] {
  return { Spread: { SpreadDescriptor: `node.labels.${label}` } };
}

function editPlacement(spec: ServiceSpec, change: Placement): ServiceSpec {
  return editTemplate(spec, { Placement: { ...spec.TaskTemplate?.Placement, ...change } });
}

function editReservations(spec: ServiceSpec, nanoCpus: number): ServiceSpec {
  return editTemplate(spec, { Resources: { Reservations: { NanoCPUs: nanoCpus } } });
}

function editUpdate(spec: ServiceSpec, change: UpdateConfig): ServiceSpec {
  return { ...spec, UpdateConfig: { ...spec.UpdateConfig, ...change } };
}

function editRollback(spec: ServiceSpec, change: RollbackConfig): ServiceSpec {
  return { ...spec, RollbackConfig: { ...spec.RollbackConfig, ...change } };
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

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function milliseconds(time: string): number {
  const match = /^(?<count>[\d.]+)(?<unit>ms|s|m|h)$/.exec(time);
  if (match?.groups === undefined) throw new Error(`no such time: ${time}`);
  return Number(match.groups["count"]) * (UNITS[match.groups["unit"] ?? ""] ?? 0);
}

function nanoseconds(time: string): number {
  return milliseconds(time) * 1e6;
}
