/** The tree of a Go template, as far as Docker's users write them: no definitions, no blocks. */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";

export class TemplateError extends InvalidArgumentError {
  constructor(message: string) {
    super(`template parsing error: ${message}`);
  }
}

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipe: Pipe }
  | { readonly kind: "set"; readonly variable: Variable; readonly pipe: Pipe }
  | Branch
  | Loop
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

/** `if`, or `with`, which also makes the value the dot. */
export interface Branch {
  readonly kind: "if" | "with";
  readonly variable: Variable | undefined;
  readonly pipe: Pipe;
  readonly then: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

export interface Loop {
  readonly kind: "range";
  readonly index: Variable | undefined;
  readonly element: Variable | undefined;
  readonly pipe: Pipe;
  readonly then: readonly TemplateNode[];
  /** Where there is nothing to go through. */
  readonly otherwise: readonly TemplateNode[];
}

export interface Variable {
  /** With its `$`. */
  readonly name: string;
  /** `:=` makes it, `=` changes it. */
  readonly operator: ":=" | "=";
}

/** Each stage's value is the last argument of the next. */
export type Pipe = readonly Stage[];

/** A function with its arguments, or a single value. */
export type Stage = readonly [Operand, ...Operand[]];

export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "dot" }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe }
  | { readonly kind: "field"; readonly of: Operand; readonly name: string };
