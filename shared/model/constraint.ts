/**
 * Placement constraints: `node.labels.zone == east`. Parsed once at the gate (bad ones are
 * refused there) and matched by the scheduler and the orchestrator, which stops tasks
 * whose node no longer fits.
 */
import ipaddr from "ipaddr.js";

import { InvalidArgumentError } from "../errors/cluster-error.js";
import { type Node, nodeHostname, nodeRole } from "./node.js";

export interface Constraint {
  /** As written, lower case but for the names of labels: `node.hostname`, `node.labels.zone`. */
  readonly key: string;
  readonly operator: ConstraintOperator;
  readonly value: string;
}

export const CONSTRAINT_OPERATORS = ["==", "!="] as const;
export type ConstraintOperator = (typeof CONSTRAINT_OPERATORS)[number];

const KEY_PATTERN = /^[a-z_][a-z0-9\-_./]*$/i;
const VALUE_PATTERN = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/,@]+$/i;
const NODE_LABELS = "node.labels.";
const ENGINE_LABELS = "engine.labels.";

/** @throws InvalidArgumentError naming the expression and what is wrong with it. */
export function parseConstraint(expression: string): Constraint {
  const match = /^(?<key>.*?)(?<operator>[=!<>~]+)(?<value>.*)$/.exec(expression);
  const operator = CONSTRAINT_OPERATORS.find((known) => known === match?.groups?.["operator"]);
  if (match?.groups === undefined || operator === undefined) {
    throw new InvalidArgumentError(
      `constraint expected one operator from ==, != in "${expression}"`,
    );
  }
  const key = (match.groups["key"] ?? "").trim();
  const value = (match.groups["value"] ?? "").trim();
  if (!KEY_PATTERN.test(key)) {
    throw new InvalidArgumentError(`key '${key}' is invalid in constraint "${expression}"`);
  }
  if (!VALUE_PATTERN.test(value)) {
    throw new InvalidArgumentError(`value '${value}' is invalid in constraint "${expression}"`);
  }
  return { key: foldKey(key), operator, value };
}

export function parseConstraints(expressions: readonly string[]): readonly Constraint[] {
  return expressions.map(parseConstraint);
}

/**
 * Keys are written in any case, but labels keep theirs: `node.labels.Zone`
 * is not `node.labels.zone`.
 */
function foldKey(key: string): string {
  const folded = key.toLowerCase();
  for (const prefix of [NODE_LABELS, ENGINE_LABELS]) {
    if (folded.startsWith(prefix)) return prefix + key.slice(prefix.length);
  }
  return folded;
}

export function matchesNode(constraints: readonly Constraint[], node: Node): boolean {
  return constraints.every((constraint) => {
    const holds = holdsEqual(constraint, node);
    return constraint.operator === "==" ? holds : !holds;
  });
}

/**
 * A key that nothing answers to is never equal, as in Docker: `==` refuses every node, `!=` none.
 */
function holdsEqual({ key, value }: Constraint, node: Node): boolean {
  switch (key) {
    case "node.ip":
      return inRange(node.status.address, value);
    case "node.platform.arch":
      return sameWord(valueOf(key, node), canonicalArchitecture(value));
    default:
      return sameWord(valueOf(key, node), value);
  }
}

/** What the node has under a constraint's key; undefined where nothing answers to it. */
export function valueOf(key: string, node: Node): string | undefined {
  switch (key) {
    case "node.id":
      return node.id;
    case "node.hostname":
      return node.description === undefined ? undefined : nodeHostname(node);
    case "node.ip":
      return node.status.address;
    case "node.role":
      return nodeRole(node);
    case "node.platform.os":
      return node.description?.Platform?.OS ?? "";
    case "node.platform.arch":
      return canonicalArchitecture(node.description?.Platform?.Architecture ?? "");
    default:
      return labelOf(key, node);
  }
}

function labelOf(key: string, node: Node): string | undefined {
  if (key.startsWith(NODE_LABELS)) return node.spec.Labels?.[key.slice(NODE_LABELS.length)];
  if (key.startsWith(ENGINE_LABELS)) {
    return node.description?.Engine?.Labels?.[key.slice(ENGINE_LABELS.length)];
  }
  return undefined;
}

/** Values are compared without regard to case, as Docker does. */
function sameWord(actual: string | undefined, wanted: string): boolean {
  return actual?.toLowerCase() === wanted.toLowerCase();
}

/** The kernel and Docker name some processors differently. */
export function canonicalArchitecture(name: string): string {
  switch (name.toLowerCase()) {
    case "x86_64":
    case "x86-64":
      return "amd64";
    case "aarch64":
      return "arm64";
    default:
      return name.toLowerCase();
  }
}

/** `value` is an address or a range in CIDR notation. */
function inRange(address: string, value: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const own = ipaddr.process(address);
  if (ipaddr.isValid(value)) return own.toString() === ipaddr.process(value).toString();
  if (!ipaddr.isValidCIDR(value)) return false;
  const [network, bits] = ipaddr.parseCIDR(value);
  return own.kind() === network.kind() && own.match(network, bits);
}
