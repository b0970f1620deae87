/** `--entrypoint "sh -c 'a b'"`: a text split into words as a shell splits them, and no more. */
import { BadValueError } from "../errors.js";

/** @throws BadValueError */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    if (/^\s/.test(rest)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    // A comment, as in a script: only where a word would begin.
    if (word === undefined && rest.startsWith("#")) {
      at += /^[^\n]*/.exec(rest)?.[0].length ?? 0;
      continue;
    }
    const part = /^(?:'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]))/.exec(rest);
    if (part === null) throw new BadValueError("unterminated quote or backslash at the end");
    const [whole, single, double, escaped, plain] = part;
    word =
      (word ?? "") + (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "");
    at += whole.length;
  }
  if (word !== undefined) words.push(word);
  return words;
}
