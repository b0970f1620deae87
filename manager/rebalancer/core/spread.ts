/**
 * How evenly the tasks of one service are spread: over the values of the first label that it is
 * spread over, within each over those of the second, and so on, and last over the nodes.
 *
 * The measure of a spread is one number per level, the sum of the squares of its branches' tasks,
 * the outermost level first; of two spreads the one with the lower first difference is the more
 * even. A move from a branch of `a` tasks to one of `b` changes the level's number by 2 (b - a + 1):
 * it is better from a difference of two, the same at one, worse below. Whole numbers that only fall
 * come to an end, and so does a row of moves each of which makes the spread better.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { spreadValue } from "../../../shared/model/spread-label.js";

export interface SpreadOver {
  /** `node.labels.zone`, the outermost first. */
  readonly labels: readonly string[];
  /** Whether it matters on which nodes of a branch the tasks are: where nodes are packed, it does not. */
  readonly nodes: "spread" | "packed";
}

/**
 * How much better the spread gets by a move: half of what each level's number changes by, the
 * outermost first. The first that is not 0 is below it.
 */
export type Gain = readonly number[];

/** The bigger gain first: of moves that gain as much at one level, the next decides. */
export function compareGains(a: Gain, b: Gain): number {
  const level = a.findIndex((change, i) => change !== b[i]);
  return (a[level] ?? 0) - (b[level] ?? 0);
}

export class Spread {
  readonly #over: SpreadOver;
  readonly #tasks = new Map<string, number>();
  readonly #branches = new Map<NodeId, readonly string[]>();

  constructor(over: SpreadOver) {
    this.#over = over;
  }

  /** @param change tasks that come to the node, or go from it */
  count(node: Node, change: number): void {
    for (const branch of this.#branchesOf(node)) {
      this.#tasks.set(branch, this.#tasksIn(branch) + change);
    }
  }

  /** What moving a task would gain; undefined where the spread would not be better. */
  gain(from: Node, to: Node): Gain | undefined {
    const sources = this.#branchesOf(from);
    const targets = this.#branchesOf(to);
    const changes = sources.map((source, level) => {
      const target = targets[level] ?? source;
      return source === target ? 0 : this.#tasksIn(target) - this.#tasksIn(source) + 1;
    });
    const first = changes.find((change) => change !== 0) ?? 0;
    return first < 0 ? changes : undefined;
  }

  /** Equal for nodes that are as good as each other as source or target of a move. */
  standing(node: Node): string {
    const branches = this.#branchesOf(node);
    const zone = branches[this.#over.labels.length - 1] ?? "";
    const own = branches[this.#over.labels.length];
    return `${own === undefined ? "" : this.#tasksIn(own)}/${zone}`;
  }

  #tasksIn(branch: string): number {
    return this.#tasks.get(branch) ?? 0;
  }

  /** One name per level, each beginning with the one before it. */
  #branchesOf(node: Node): readonly string[] {
    const known = this.#branches.get(node.id);
    if (known !== undefined) return known;
    const path: string[] = [];
    const branches = this.#over.labels.map((label) => {
      path.push(spreadValue(label, node));
      return JSON.stringify(path);
    });
    if (this.#over.nodes === "spread") branches.push(`${branches.at(-1) ?? ""}${node.id}`);
    this.#branches.set(node.id, branches);
    return branches;
  }
}
