/**
 * Which task moves where: always the move that makes the spread better by most, one after the
 * other, until none is left that would.
 */
import type { Node } from "../../../shared/model/node.js";
import type { Slot } from "../../orchestrator/core/slot.js";
import type { Destinations } from "./destinations.js";
import { compareGains, type Gain, type Spread } from "./spread.js";

/** A slot whose task could be elsewhere. */
export interface Source {
  readonly slot: Slot;
  readonly node: Node;
  /** `soon`: it is still coming up, and nothing is gained by moving what nobody knows to run. */
  readonly movable: "now" | "soon";
}

export interface Move {
  readonly slot: Slot;
  readonly from: Node;
  readonly to: Node;
}

export interface Choice {
  readonly moves: readonly Move[];
  /** There is more to gain once tasks run that are coming up. */
  readonly isWaiting: boolean;
}

/** As evenly spread as they are, nodes of one standing differ in little: a few are compared. */
const NODES_COMPARED = 32;

export interface Choosing {
  /** Counts every task where it will be; chosen moves are counted, too. */
  readonly spread: Spread;
  readonly sources: readonly Source[];
  /** Nodes that may get a task, if the destinations accept it. */
  readonly targets: readonly Node[];
  readonly destinations: Destinations;
}

/** @param limit of moves */
export function chooseMoves(choosing: Choosing, limit: number): Choice {
  const { spread, destinations } = choosing;
  const left = new Set(choosing.sources);
  const moves: Move[] = [];
  let isWaiting = false;
  while (moves.length < limit) {
    const best = bestMove(choosing, left);
    isWaiting = best.isWaiting;
    const { source, to } = best;
    if (source === undefined || to === undefined) break;
    left.delete(source);
    spread.count(source.node, -1);
    spread.count(to, 1);
    destinations.take(to);
    moves.push({ slot: source.slot, from: source.node, to });
  }
  return { moves, isWaiting };
}

interface Best {
  readonly source?: Source;
  readonly to?: Node;
  /** A better one, or the only one, waits for a task to come up. */
  readonly isWaiting: boolean;
}

function bestMove({ spread, targets, destinations }: Choosing, left: ReadonlySet<Source>): Best {
  const from = grouped([...left], ({ node }) => spread.standing(node));
  const to = grouped(targets, (node) => spread.standing(node));
  let isWaiting = false;
  for (const { sources, nodes } of pairsByGain(from, to, spread)) {
    const node = firstAccepted(nodes, destinations);
    if (node === undefined) continue;
    const source = lastMovable(sources);
    if (source !== undefined) return { source, to: node, isWaiting };
    isWaiting = true;
  }
  return { isWaiting };
}

interface Pair {
  readonly sources: readonly Source[];
  readonly nodes: readonly Node[];
  readonly gain: Gain;
}

/** The biggest gain first; the groups' own order decides between equals. */
function pairsByGain(
  from: ReadonlyMap<string, readonly Source[]>,
  to: ReadonlyMap<string, readonly Node[]>,
  spread: Spread,
): Pair[] {
  const pairs: Pair[] = [];
  for (const sources of from.values()) {
    for (const nodes of to.values()) {
      const [source, node] = [sources[0], nodes[0]];
      const gain = source && node && spread.gain(source.node, node);
      if (gain !== undefined) pairs.push({ sources, nodes, gain });
    }
  }
  return pairs.sort((a, b) => compareGains(a.gain, b.gain));
}

/** The last slot: the one that a smaller service would give up first. */
function lastMovable(sources: readonly Source[]): Source | undefined {
  return sources.findLast(({ movable }) => movable === "now");
}

function firstAccepted(nodes: readonly Node[], destinations: Destinations): Node | undefined {
  for (let at = 0; at < nodes.length; at += NODES_COMPARED) {
    const accepted = nodes
      .slice(at, at + NODES_COMPARED)
      .filter((node) => destinations.accepts(node))
      .sort((a, b) => destinations.tasksOn(a) - destinations.tasksOn(b) || (a.id < b.id ? -1 : 1));
    if (accepted[0] !== undefined) return accepted[0];
  }
  return undefined;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
