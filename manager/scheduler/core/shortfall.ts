/**
 * What a node would need to be accepted, in words that follow its name: "lacks 120 MiB of memory",
 * "lacks label zone=a".
 */
import type { Platform } from "../../../shared/docker-api/platform.js";
import { type Constraint, matchesNode, valueOf } from "../../../shared/model/constraint.js";
import type { GenericDemand } from "../../../shared/model/generic-resources.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";
import type { Resources } from "../../../shared/model/resources.js";
import type { NodeLoad } from "./node-load.js";

export const FILTER_NAMES = [
  "ready",
  "platform",
  "network plugins",
  "constraints",
  "resources",
  "generic resources",
  "host ports",
  "replicas per node",
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** How one node fails one filter. */
export interface Miss {
  readonly filter: FilterName;
  /** To be read after the node's name. */
  readonly words: string;
  /** `tcp/8080`: the host ports that others hold there. */
  readonly portsTaken?: readonly string[];
  /** Of what is asked, the share that is missing: 0 a hair's breadth, 1 all of it. */
  readonly share: number;
}

export function standingWords(node: Node): string {
  const { state, message } = node.status;
  if (state === "ready") {
    return nodeAvailability(node) === "drain" ? "is drained" : "is paused";
  }
  const why = message === "" ? "" : `: ${message}`;
  return `is ${state === "unknown" ? "not there yet" : state}${why}`;
}

export function platformWords({ description }: Node, wanted: readonly Platform[]): string {
  const asked = wanted.map(platformName).join(" or ");
  return `is ${platformName(description?.Platform ?? {})}, not ${asked}`;
}

function platformName({ OS: os = "", Architecture: architecture = "" }: Platform): string {
  return [os, architecture].filter((part) => part !== "").join("/") || "of no known platform";
}

export function missedConstraints(constraints: readonly Constraint[], node: Node): Miss {
  const unmet = constraints.filter((constraint) => !matchesNode([constraint], node));
  return {
    filter: "constraints",
    words: unmet.map((constraint) => constraintWords(constraint, node)).join(" and "),
    share: unmet.length / constraints.length,
  };
}

const LABELS = /^(?:(?<engine>engine)|node)\.labels\.(?<name>.+)$/;

function constraintWords({ key, operator, value }: Constraint, node: Node): string {
  const { engine, name } = LABELS.exec(key)?.groups ?? {};
  const own = valueOf(key, node) ?? "";
  if (name === undefined) {
    return operator === "==" ? `has ${key} ${own || "unknown"}, not ${value}` : `has ${key} ${own}`;
  }
  const kind = engine === undefined ? "label" : "engine label";
  if (operator === "!=") return `has ${kind} ${name}=${own}`;
  const instead = own === "" ? "" : ` (it has ${name}=${own})`;
  return `lacks ${kind} ${name}=${value}${instead}`;
}

export function missedResources({ available }: NodeLoad, wanted: Resources): Miss {
  const lacks = [
    lackOf(wanted.nanoCpus, available.nanoCpus, cpuWords),
    lackOf(wanted.memoryBytes, available.memoryBytes, (bytes) => `${sizeWords(bytes)} of memory`),
    lackOf(wanted.pids, available.pids, (count) => `${count} processes`),
  ].filter((lack) => lack !== undefined);
  return {
    filter: "resources",
    words: `lacks ${lacks.map(({ words }) => words).join(" and ")}`,
    share: Math.max(...lacks.map(({ share }) => share)),
  };
}

export function missedGenerics(node: NodeLoad, wanted: readonly GenericDemand[]): Miss {
  const lacks = wanted.flatMap(
    ({ kind, count }) => lackOf(count, node.genericsLeft(kind), (lack) => `${lack} ${kind}`) ?? [],
  );
  return {
    filter: "generic resources",
    words: `lacks ${lacks.map(({ words }) => words).join(" and ")}`,
    share: Math.max(...lacks.map(({ share }) => share)),
  };
}

interface Lack {
  readonly words: string;
  readonly share: number;
}

function lackOf(
  wanted: number,
  available: number,
  words: (amount: number) => string,
): Lack | undefined {
  const lack = wanted - available;
  return lack <= 0 ? undefined : { words: words(lack), share: Math.min(1, lack / wanted) };
}

const NANO = 1e9;
/** Of processors nobody asks for less than a thousandth. */
const CPU_STEP = 1_000;

function cpuWords(nanoCpus: number): string {
  const cpus = Math.ceil((nanoCpus / NANO) * CPU_STEP) / CPU_STEP;
  return `${cpus} ${cpus === 1 ? "CPU" : "CPUs"}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const PER_UNIT = 1024;
const TENTHS = 10;

/** Rounded up: with so much more it would fit. */
function sizeWords(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= PER_UNIT && unit < UNITS.length - 1) {
    size /= PER_UNIT;
    unit += 1;
  }
  return `${Math.ceil(size * TENTHS) / TENTHS} ${UNITS[unit] ?? ""}`;
}
