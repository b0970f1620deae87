/**
 * What is to happen to a whole cluster, all of it from one seed and known before it begins: how many
 * managers and workers, and every word of a user and every trouble with its time. So any of them can
 * be left out of a run, and the rest stays as it was.
 */
import type { GenericResource } from "../../../shared/docker-api/resources.js";
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import { pick } from "../pick.js";
import { agreementOf, type AgreementPlan } from "./agreement-plan.js";
import { MANAGER_TROUBLES } from "./manager-troubles.js";
import { ELECTED_BY_HAND, TROUBLES } from "./troubles.js";
import { WISHES } from "./wishes.js";

export interface Happening {
  /** Its place in the plan: what `--only` names it by. */
  readonly number: number;
  /** A wish or a trouble, by its name. */
  readonly kind: string;
  readonly atMs: number;
}

export interface HostPlan {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly zone: string;
  readonly generics: readonly GenericResource[];
  /** When it joins; 0: it is there from the beginning. */
  readonly joinsAtMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly managers: number;
  /** Undefined: one log for all of them. */
  readonly agreement: AgreementPlan["settings"] | undefined;
  /** So many of the workers are on the managers' own hosts. */
  readonly ownWorkers: number;
  readonly hosts: readonly HostPlan[];
  /** Services that are there before anything happens. */
  readonly services: number;
  readonly happenings: readonly Happening[];
  readonly untilMs: number;
}

const NANO_CPUS = 1e9;
const MEBIBYTE = 2 ** 20;
/** So many are there from the beginning. */
const FIRST_HOSTS = 2;
const ZONES = ["east", "west", "north"];
/** Some plans have no trouble, only users: more is promised of them. */
const PEACEFUL = 4;

export function planOf(seed: number): Plan {
  const random = seededRandom(`whole ${seed}`);
  const atOnce = 1 + random.below(3);
  const agreement = agreementOf(seed);
  const managers = agreement?.managers ?? atOnce;
  const forMs = 15_000 + random.below(30_000);
  const hosts = hostsOf(random, forMs);
  return {
    seed,
    managers,
    agreement: agreement?.settings,
    ownWorkers: random.below(Math.min(managers, FIRST_HOSTS) + 1),
    hosts,
    services: 1 + random.below(3),
    happenings: happeningsOf(random.fork("happenings"), forMs, troublesFor(agreement)),
    untilMs: forMs,
  };
}

/** The same run without some of what happens. */
export function withHappenings(plan: Plan, keep: (happening: Happening) => boolean): Plan {
  return { ...plan, happenings: plan.happenings.filter(keep) };
}

function hostsOf(seeded: Random, forMs: number): HostPlan[] {
  const [random, more] = [seeded.fork("hosts"), seeded.fork("more of hosts")];
  return Array.from({ length: 2 + random.below(5) }, (_, i) => ({
    nanoCpus: (2 + 2 * random.below(4)) * NANO_CPUS,
    memoryBytes: (512 + 512 * random.below(4)) * MEBIBYTE,
    zone: ZONES[random.below(ZONES.length)] ?? "",
    generics: genericsOf(more),
    joinsAtMs: i < FIRST_HOSTS || more.below(3) > 0 ? 0 : 1 + more.below(forMs),
  }));
}

/** Each by its name, a number of a kind, both or nothing. */
function genericsOf(random: Random): GenericResource[] {
  const names = Array.from({ length: random.below(4) }, (_, i) => `gpu-${i + 1}`);
  const ssds = random.below(4);
  return [
    ...names.map((Value) => ({ NamedResourceSpec: { Kind: "gpu", Value } })),
    ...(ssds > 0 ? [{ DiscreteResourceSpec: { Kind: "ssd", Value: ssds } }] : []),
  ];
}

/** Who agree elect for themselves. */
function troublesFor(agreement: AgreementPlan | undefined): readonly string[] {
  if (agreement === undefined) return Object.keys(TROUBLES);
  const forAll = Object.keys(TROUBLES).filter((kind) => !ELECTED_BY_HAND.has(kind));
  return [...forAll, ...Object.keys(MANAGER_TROUBLES)];
}

function happeningsOf(random: Random, forMs: number, possible: readonly string[]): Happening[] {
  const wishes = chosen(random, Object.keys(WISHES));
  const isPeaceful = random.below(PEACEFUL) === 0;
  const troubles = isPeaceful ? [] : chosen(random, possible);
  const everyMs = 500 + random.below(2_500);
  const happenings: Happening[] = [];
  let atMs = 0;
  for (let number = 0; ; number++) {
    atMs += random.below(2 * everyMs);
    if (atMs >= forMs) return happenings;
    const kinds = troubles.length > 0 && random.below(2) === 0 ? troubles : wishes;
    happenings.push({ number, kind: pick(random, kinds), atMs });
  }
}

/** A few kinds at a time: with all of them in each run, none of them gets far. */
function chosen(random: Random, kinds: readonly string[]): readonly string[] {
  const chance = 2 + random.below(8);
  const some = kinds.filter(() => random.below(10) < chance);
  return some.length > 0 ? some : [pick(random, kinds)];
}
