/** No clock and no chance in core/: what the same input does twice, it does the same way. */
import ts from "typescript";

import { type Finding, isCode, isCore, type SourceFile, type Tree } from "./source-tree.js";

const AMBIENT = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "process.hrtime",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);

export function ambientTimeAndChance(tree: Tree): Finding[] {
  return [...tree.values()]
    .filter((file) => isCode(file.path) && isCore(file.path))
    .flatMap((file) => usesIn(file));
}

function usesIn({ path, text }: SourceFile): Finding[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const findings: Finding[] = [];
  const visit = (node: ts.Node): void => {
    const use = ambientUse(node);
    if (use !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      findings.push({ path, line, message: `uses ${use}: time and chance are arguments of core/` });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

function ambientUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.getText().replace(/^globalThis\./, "");
    return AMBIENT.has(name) ? name : undefined;
  }
  // With an argument, `new Date(atMs)` only converts.
  if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0)
    return node.expression.getText() === "Date" ? "new Date()" : undefined;
  if (ts.isCallExpression(node)) return node.expression.getText() === "Date" ? "Date()" : undefined;
  return undefined;
}
