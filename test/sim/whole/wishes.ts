/**
 * What users ask for in a simulated cluster, through what the API's routes go through; a wish that
 * does not fit (nothing to roll back to, a node that is not down) is refused, as it would be.
 */
import { planDrain, planNodeRemoval } from "../../../manager/api/core/plan-node.js";
import { planRebalance } from "../../../manager/api/core/plan-rebalance.js";
import {
  planCreate,
  planRollback,
  planRollbackTo,
  planUpdate,
  splitSpec,
} from "../../../manager/api/core/plan-service.js";
import type { Change } from "../../../manager/store/core/change.js";
import type { StoreView } from "../../../manager/store/core/view.js";
import { completeServiceSpec } from "../../../shared/docker-api/defaults.js";
import type { NodeSpec } from "../../../shared/docker-api/node-spec.js";
import type { ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import { newId, type ServiceId } from "../../../shared/model/ids.js";
import type { Availability, Node } from "../../../shared/model/node.js";
import type { Service } from "../../../shared/model/service.js";
import type { Random } from "../../../shared/ports/random.js";
import { pick } from "../pick.js";
import { onNetworks } from "./networks.js";
import { type Edit, EDITS, newSpec, soundSpec } from "./specs.js";

/** @param atMs wall clock of the command; @returns nothing where there is nobody to wish it for */
export type Wish = (view: StoreView, random: Random, atMs: number) => readonly Change[];

const SERVICES_AT_MOST = 5;
const MS = 1e6;

export const WISHES: Readonly<Record<string, Wish>> = {
  create: (view, random, atMs) =>
    view.services().length >= SERVICES_AT_MOST ? [] : [create(view, random, atMs)],
  "remove service": (view, random) =>
    view.services().length < 2
      ? []
      : ofService(view, random, ({ id: serviceId }) => [{ kind: "remove-service", serviceId }]),
  "new image": edit("image"),
  "another image": edit("image"),
  force: edit("force"),
  "new policy": edit("policy"),
  "new placement": edit("placement"),
  "new resources": edit("resources"),
  relabel: edit("label"),
  "new settings": edit("update-settings"),
  scale: edit("scale"),
  "scale again": edit("scale"),
  "roll back": (view, random, atMs) =>
    ofOne(view.services(), random, isUpdated, (service) =>
      service.previous === undefined ? [] : [planRollback(view, service, read(service, atMs))],
    ),
  "roll back to": (view, random, atMs) =>
    ofService(view, random, (service) => {
      const { number } = pick(random, view.revisions(service.id));
      return [planRollbackTo(view, service, number, read(service, atMs))];
    }),
  rebalance: (view, random, atMs) =>
    ofService(view, random, (service) => [planRebalance(service, atMs)]),
  drain: (view, random) => ofNode(view, random, (node) => [become(node, "drain")]),
  "drain by": (view, random, atMs) =>
    ofNode(view, random, (node) => [planDrain(node, { Within: random.below(8_000) * MS }, atMs)]),
  pause: (view, random) => ofNode(view, random, (node) => [become(node, "pause")]),
  activate: (view, random) => ofNode(view, random, (node) => [become(node, "active")]),
  "activate all": (view) => view.nodes().map((node) => become(node, "active")),
  "label node": (view, random) =>
    ofOne(view.nodes(), random, hasConstrained(view), ({ id: nodeId, spec }) => {
      const Labels = { ...spec.Labels, zone: pick(random, ["east", "west"]) };
      return [{ kind: "update-node", nodeId, spec: { ...spec, Labels } }];
    }),
  "remove node": (view, random, atMs) => {
    if (view.nodes().length < 3) return [];
    return ofNode(view, random, (node) => {
      const mode = random.below(2) === 0 ? "forced" : "only-if-down";
      return planNodeRemoval(view, node, { mode, atMs }).changes;
    });
  },
  "other networks": (view, random, atMs) =>
    ofService(view, random, (service) => [
      update(view, service, (spec) => onNetworks(spec, view, random), atMs),
    ]),
  "cluster settings": (view, random) => {
    const { spec } = view.cluster() ?? {};
    const PlacementStrategy = pick(random, ["spread", "binpack"] as const);
    const HeartbeatPeriod = pick(random, [500, 1_000]) * MS;
    const Orchestration = { ...spec?.Orchestration, PlacementStrategy };
    const Dispatcher = { ...spec?.Dispatcher, HeartbeatPeriod };
    return [{ kind: "update-cluster", spec: { ...spec, Orchestration, Dispatcher } }];
  },
  history: (_view, random) => [
    {
      kind: "update-cluster",
      spec: { Orchestration: { TaskHistoryRetentionLimit: random.below(4) } },
    },
  ],
};

/** In the end: every template comes up, and every node takes part. */
export function soundWishes(view: StoreView, atMs: number): readonly Change[] {
  return [
    ...view.nodes().map((node) => become(node, "active")),
    ...view.services().map((service) => update(view, service, soundSpec, atMs)),
  ];
}

export function create(view: StoreView, random: Random, atMs: number): Change {
  const id = newId<ServiceId>(random);
  const drawn = newSpec(`service-${random.below(10_000)}`, random);
  const spec = completeServiceSpec(onNetworks(drawn, view, random));
  return planCreate(view, id, splitSpec(spec), { atMs });
}

function edit(name: keyof typeof EDITS): Wish {
  const change: Edit = EDITS[name];
  return (view, random, atMs) =>
    ofService(view, random, (service) => [
      update(view, service, (spec) => change(spec, random), atMs),
    ]);
}

function update(
  view: StoreView,
  service: Service,
  change: (spec: ServiceSpec) => ServiceSpec,
  atMs: number,
): Change {
  const template = view.revision(service.id, service.revision)?.template ?? {};
  const spec = completeServiceSpec(change({ ...service.frame, TaskTemplate: template }));
  return planUpdate(view, service, splitSpec(spec), read(service, atMs));
}

function read({ version }: Service, atMs: number) {
  return { expectedVersion: version, atMs };
}

function become({ id: nodeId, spec }: Node, availability: Availability): Change {
  const { DrainDeadline: _, ...rest } = spec;
  const changed: NodeSpec = { ...rest, Availability: availability };
  return { kind: "update-node", nodeId, spec: changed };
}

function ofService(
  view: StoreView,
  random: Random,
  changes: (service: Service) => readonly Change[],
): readonly Change[] {
  return ofOne(view.services(), random, () => true, changes);
}

function ofNode(
  view: StoreView,
  random: Random,
  changes: (node: Node) => readonly Change[],
): readonly Change[] {
  return ofOne(view.nodes(), random, () => true, changes);
}

/** @param matters for whom more comes of the wish than for others */
function ofOne<T>(
  all: readonly T[],
  random: Random,
  matters: (one: T) => boolean,
  changes: (one: T) => readonly Change[],
): readonly Change[] {
  const apt = all.filter(matters);
  const some = apt.length > 0 ? apt : all;
  return some.length === 0 ? [] : changes(pick(random, some));
}

function isUpdated({ previous, revision }: Service): boolean {
  return previous !== undefined && previous.revision !== revision;
}

/** A task there is of a service that looks at labels. */
function hasConstrained(view: StoreView): (node: Node) => boolean {
  return ({ id }) =>
    view.tasksOfNode(id).some(({ serviceId, revision }) => {
      const placement = view.revision(serviceId, revision)?.template.Placement;
      return (placement?.Constraints ?? []).length > 0;
    });
}
