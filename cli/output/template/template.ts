/**
 * Go templates for `--format`. (The packages that evaluate them in JavaScript are unkept or
 * partial; what Docker's users write is small.)
 */
import { FUNCTIONS, type TemplateFunction } from "./functions.js";
import { parseTemplate } from "./parse.js";
import {
  type Branch,
  type Loop,
  type Operand,
  type Pipe,
  type Stage,
  TemplateError,
  type TemplateNode,
  type Variable,
} from "./syntax.js";
import { entriesOf, isTrue, MAPS, type ObjectModel, printed } from "./values.js";

export interface RenderOptions {
  readonly model?: ObjectModel;
  /** In place of the usual ones of these names. */
  readonly functions?: Readonly<Record<string, TemplateFunction>>;
}

export class Template {
  readonly #nodes: readonly TemplateNode[];

  /** @throws TemplateError */
  constructor(source: string) {
    this.#nodes = parseTemplate(source);
  }

  /** @throws TemplateError */
  render(data: unknown, options: RenderOptions = {}): string {
    const evaluation = new Evaluation(data, options);
    evaluation.run(this.#nodes, data);
    return evaluation.output;
  }
}

/** What `break` and `continue` do to the nodes around them. */
type Flow = "on" | "break" | "continue";

class Evaluation {
  output = "";
  readonly #model: ObjectModel;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  /** The innermost last: a block's own variables end with it. */
  readonly #scopes: Map<string, unknown>[];

  constructor(data: unknown, { model = MAPS, functions = {} }: RenderOptions) {
    this.#model = model;
    this.#functions = { ...FUNCTIONS, ...functions };
    this.#scopes = [new Map([["$", data]])];
  }

  run(nodes: readonly TemplateNode[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#runOne(node, dot);
      if (flow !== "on") return flow;
    }
    return "on";
  }

  #runOne(node: TemplateNode, dot: unknown): Flow {
    switch (node.kind) {
      case "text":
        this.output += node.text;
        return "on";
      case "output":
        this.output += printed(this.#pipe(node.pipe, dot));
        return "on";
      case "set":
        this.#set(node.variable, this.#pipe(node.pipe, dot));
        return "on";
      case "if":
      case "with":
        return this.#branch(node, dot);
      case "range":
        this.#loop(node, dot);
        return "on";
      case "break":
      case "continue":
        return node.kind;
    }
  }

  #branch(node: Branch, dot: unknown): Flow {
    const value = this.#pipe(node.pipe, dot);
    return this.#inScope(() => {
      if (node.variable !== undefined) this.#set(node.variable, value);
      if (!isTrue(value, this.#model)) return this.run(node.otherwise, dot);
      return this.run(node.then, node.kind === "with" ? value : dot);
    });
  }

  #loop(node: Loop, dot: unknown): void {
    const entries = entriesOf(this.#pipe(node.pipe, dot));
    if (entries.length === 0) this.#inScope(() => this.run(node.otherwise, dot));
    for (const [index, element] of entries) {
      const flow = this.#inScope(() => {
        if (node.index !== undefined) this.#set(node.index, index);
        if (node.element !== undefined) this.#set(node.element, element);
        return this.run(node.then, element);
      });
      if (flow === "break") return;
    }
  }

  #inScope(body: () => Flow): Flow {
    this.#scopes.push(new Map());
    const flow = body();
    this.#scopes.pop();
    return flow;
  }

  #set({ name, operator }: Variable, value: unknown): void {
    const scope =
      operator === ":=" ? this.#scopes.at(-1) : this.#scopes.findLast((one) => one.has(name));
    if (scope === undefined) throw new TemplateError(`undefined variable "${name}"`);
    scope.set(name, value);
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let before: readonly unknown[] = [];
    for (const stage of pipe) before = [this.#stage(stage, dot, before)];
    return before[0];
  }

  #stage([head, ...args]: Stage, dot: unknown, before: readonly unknown[]): unknown {
    if (head.kind !== "function") {
      if (args.length + before.length === 0) return this.#operand(head, dot);
      throw new TemplateError("can't give argument to non-function");
    }
    if (head.name === "and" || head.name === "or") {
      return this.#firstThat(head.name === "or", args, dot, before);
    }
    return this.#call(head.name, [...args.map((arg) => this.#operand(arg, dot)), ...before]);
  }

  /** The first argument that is true (or false) decides; those after it are not looked at. */
  #firstThat(
    deciding: boolean,
    args: readonly Operand[],
    dot: unknown,
    before: readonly unknown[],
  ): unknown {
    let value: unknown;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (isTrue(value, this.#model) === deciding) return value;
    }
    return before.length === 0 ? value : before[0];
  }

  #call(name: string, args: readonly unknown[]): unknown {
    const called = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (called === undefined) throw new TemplateError(`function "${name}" not defined`);
    return called(args, this.#model);
  }

  #operand(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "literal":
        return operand.value;
      case "dot":
        return dot;
      case "variable":
        return this.#variable(operand.name);
      case "function":
        return this.#call(operand.name, []);
      case "pipe":
        return this.#pipe(operand.pipe, dot);
      case "field":
        return this.#field(this.#operand(operand.of, dot), operand.name);
    }
  }

  #variable(name: string): unknown {
    const scope = this.#scopes.findLast((one) => one.has(name));
    if (scope === undefined) throw new TemplateError(`undefined variable "${name}"`);
    return scope.get(name);
  }

  #field(value: unknown, name: string): unknown {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return this.#model.field(value, name);
    }
    throw new TemplateError(`can't evaluate field ${name} of ${printed(value)}`);
  }
}
