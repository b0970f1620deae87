/** Cuts a template into text and actions, and an action into tokens. */
import { TemplateError } from "./syntax.js";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[] };

export interface Token {
  readonly kind: "string" | "number" | "field" | "variable" | "name" | "symbol";
  /** As the value is meant: a string without its quotes, a field without its dot. */
  readonly text: string;
  /** Whether a blank stands before it: `.A.B` is one value, `.A .B` are two. */
  readonly spaced: boolean;
}

/**
 * The text between actions; `{{-` takes away the blanks before, `-}}` those after.
 *
 * @throws TemplateError
 */
export function cutTemplate(source: string): Piece[] {
  const pieces: Piece[] = [];
  let trimNext = false;
  for (let at = 0; at <= source.length;) {
    const open = source.indexOf("{{", at);
    const text = source.slice(at, open < 0 ? undefined : open);
    const left = trimNext ? text.trimStart() : text;
    if (open < 0) {
      pieces.push({ kind: "text", text: left });
      break;
    }
    const action = matchAction(source, open);
    pieces.push({ kind: "text", text: action.trimBefore ? left.trimEnd() : left });
    if (!action.body.startsWith("/*")) {
      pieces.push({ kind: "action", tokens: tokensOf(action.body) });
    }
    trimNext = action.trimAfter;
    at = open + action.length;
  }
  return pieces.filter((piece) => piece.kind === "action" || piece.text !== "");
}

interface RawAction {
  readonly body: string;
  readonly length: number;
  readonly trimBefore: boolean;
  readonly trimAfter: boolean;
}

function matchAction(source: string, open: number): RawAction {
  // A string may contain "}}", so the end is where the tokens end.
  const rest = source.slice(open + 2);
  const body = /^(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\*[^]*?\*\/|(?!\}\})[^])*/.exec(rest)?.[0] ?? "";
  if (!rest.startsWith("}}", body.length)) throw new TemplateError("unclosed action");
  const trimBefore = /^-\s/.test(body);
  const trimAfter = /\s-$/.test(body);
  return {
    body: body.slice(trimBefore ? 1 : 0, trimAfter ? -1 : undefined).trim(),
    length: body.length + 4,
    trimBefore,
    trimAfter,
  };
}

const TOKEN =
  /(\s*)(?:("(?:[^"\\\n]|\\.)*")|`([^`]*)`|'((?:[^'\\\n]|\\.)+)'|([+-]?(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))|\.([\p{L}_][\p{L}\p{N}_]*)|(\$[\p{L}\p{N}_]*)|([\p{L}_][\p{L}\p{N}_]*)|(:=|[.|(),=]))/uy;

function tokensOf(body: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(body);
    if (match === null) {
      throw new TemplateError(`unexpected "${body.slice(at).trim()}" in {{${body}}}`);
    }
    const [, blank = "", quoted, raw, character, number, field, variable, name, symbol] = match;
    const spaced = blank !== "";
    if (quoted !== undefined) tokens.push({ kind: "string", text: unquoted(quoted), spaced });
    else if (raw !== undefined) tokens.push({ kind: "string", text: raw, spaced });
    else if (character !== undefined) {
      const code = unquoted(`"${character}"`).codePointAt(0) ?? 0;
      tokens.push({ kind: "number", text: String(code), spaced });
    } else if (number !== undefined) tokens.push({ kind: "number", text: number, spaced });
    else if (field !== undefined) tokens.push({ kind: "field", text: field, spaced });
    else if (variable !== undefined) tokens.push({ kind: "variable", text: variable, spaced });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, spaced });
    else tokens.push({ kind: "symbol", text: symbol ?? "", spaced });
  }
  return tokens;
}

/** Go's escapes are JSON's, but for a few that JSON lacks. */
function unquoted(quoted: string): string {
  const json = quoted.replace(/\\(a|v|'|x[\da-fA-F]{2})/g, (_whole, escape: string) => {
    if (escape === "'") return "'";
    const code = escape === "a" ? "07" : escape === "v" ? "0b" : escape.slice(1);
    return `\\u00${code}`;
  });
  try {
    return JSON.parse(json) as string;
  } catch {
    throw new TemplateError(`malformed string ${quoted}`);
  }
}
