/** From the pieces of a template to its tree. */
import {
  type Branch,
  type Operand,
  type Pipe,
  type Stage,
  TemplateError,
  type TemplateNode,
  type Variable,
} from "./syntax.js";
import { cutTemplate, type Piece, type Token } from "./tokens.js";

/** @throws TemplateError */
export function parseTemplate(source: string): readonly TemplateNode[] {
  const parser = new TemplateParser(cutTemplate(source));
  const { nodes, end } = parser.block();
  if (end !== undefined) throw new TemplateError(`unexpected {{${end.word}}}`);
  return nodes;
}

interface Block {
  readonly nodes: readonly TemplateNode[];
  /**
   * The action that closed it, with what follows its word; undefined at the end of the template.
   */
  readonly end: { readonly word: "end" | "else"; readonly rest: readonly Token[] } | undefined;
}

class TemplateParser {
  readonly #pieces: Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = [...pieces];
  }

  block(): Block {
    const nodes: TemplateNode[] = [];
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      if (piece.kind === "text") {
        nodes.push(piece);
        continue;
      }
      const [first, ...rest] = piece.tokens;
      if (first === undefined) throw new TemplateError("missing value for command");
      const word = first.kind === "name" ? first.text : "";
      if (word === "end" || word === "else") return { nodes, end: { word, rest } };
      nodes.push(this.#action(word, first, rest));
    }
    return { nodes, end: undefined };
  }

  #action(word: string, first: Token, rest: readonly Token[]): TemplateNode {
    switch (word) {
      case "if":
      case "with":
        return this.#branch(word, rest);
      case "range":
        return this.#loop(rest);
      case "break":
      case "continue":
        return { kind: word };
      case "define":
      case "template":
      case "block":
        throw new TemplateError(`{{${word}}} is not supported`);
      default: {
        const { variables, pipe } = declaration([first, ...rest]);
        const [variable] = variables;
        return variable === undefined ? { kind: "output", pipe } : { kind: "set", variable, pipe };
      }
    }
  }

  #branch(kind: "if" | "with", tokens: readonly Token[]): Branch {
    const { variables, pipe } = declaration(tokens);
    return { kind, variable: variables[0], pipe, ...this.#arms() };
  }

  #loop(tokens: readonly Token[]): TemplateNode {
    const { variables, pipe } = declaration(tokens);
    // A single variable takes the elements, not their indexes.
    const [index, element] = variables.length === 1 ? [undefined, variables[0]] : variables;
    return { kind: "range", index, element, pipe, ...this.#arms() };
  }

  #arms(): Pick<Branch, "then" | "otherwise"> {
    const { nodes, end } = this.block();
    if (end === undefined) throw new TemplateError("unexpected EOF: an {{end}} is missing");
    if (end.word === "end") return { then: nodes, otherwise: [] };
    const [word, ...rest] = end.rest;
    if (word?.text === "if" || word?.text === "with") {
      return { then: nodes, otherwise: [this.#branch(word.text, rest)] };
    }
    const otherwise = this.block();
    if (otherwise.end?.word !== "end") throw new TemplateError("expected {{end}} after {{else}}");
    return { then: nodes, otherwise: otherwise.nodes };
  }
}

interface Declaration {
  readonly variables: readonly Variable[];
  readonly pipe: Pipe;
}

/** `$a := pipe`, `$a = pipe`, `$i, $e := pipe`, or the pipe alone. */
function declaration(tokens: readonly Token[]): Declaration {
  const at = tokens.findIndex(({ kind, text }) => kind === "symbol" && /^:?=$/.test(text));
  if (at < 0) return { variables: [], pipe: parsePipe(tokens) };
  const operator = tokens[at]?.text === "=" ? "=" : ":=";
  const variables = tokens
    .slice(0, at)
    .filter(({ kind }) => kind === "variable")
    .map(({ text: name }) => ({ name, operator }) as const);
  if (variables.length === 0) throw new TemplateError(`unexpected ${operator}`);
  return { variables, pipe: parsePipe(tokens.slice(at + 1)) };
}

function parsePipe(tokens: readonly Token[]): Pipe {
  const reader = new PipeReader(tokens);
  const pipe = reader.pipe();
  reader.expectEnd();
  return pipe;
}

class PipeReader {
  readonly #tokens: Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = [...tokens];
  }

  pipe(): Pipe {
    const stages: Stage[] = [this.#stage()];
    while (this.#takeSymbol("|")) stages.push(this.#stage());
    return stages;
  }

  expectEnd(): void {
    const [token] = this.#tokens;
    if (token !== undefined) throw new TemplateError(`unexpected "${token.text}" in operand`);
  }

  #stage(): Stage {
    const operands: Operand[] = [];
    while (this.#startsOperand()) operands.push(this.#operand());
    const [first, ...args] = operands;
    if (first === undefined) throw new TemplateError("missing value for command");
    return [first, ...args];
  }

  #startsOperand(): boolean {
    const [token] = this.#tokens;
    return (
      token !== undefined && (token.kind !== "symbol" || token.text === "(" || token.text === ".")
    );
  }

  #operand(): Operand {
    let operand = this.#simpleOperand();
    for (;;) {
      const [next] = this.#tokens;
      if (next?.kind !== "field" || next.spaced) return operand;
      this.#tokens.shift();
      operand = { kind: "field", of: operand, name: next.text };
    }
  }

  #simpleOperand(): Operand {
    const token = this.#tokens.shift();
    if (token === undefined) throw new TemplateError("missing value for command");
    switch (token.kind) {
      case "string":
        return { kind: "literal", value: token.text };
      case "number":
        return { kind: "literal", value: Number(token.text) };
      case "field":
        return { kind: "field", of: { kind: "dot" }, name: token.text };
      case "variable":
        return { kind: "variable", name: token.text };
      case "name":
        return namedOperand(token.text);
      case "symbol":
        return token.text === "." ? { kind: "dot" } : this.#parenthesis();
    }
  }

  #parenthesis(): Operand {
    const pipe = this.pipe();
    if (!this.#takeSymbol(")")) throw new TemplateError("unclosed left paren");
    return { kind: "pipe", pipe };
  }

  #takeSymbol(text: string): boolean {
    const [token] = this.#tokens;
    if (token?.kind !== "symbol" || token.text !== text) return false;
    this.#tokens.shift();
    return true;
  }
}

function namedOperand(name: string): Operand {
  if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
  return name === "nil" ? { kind: "literal", value: null } : { kind: "function", name };
}
