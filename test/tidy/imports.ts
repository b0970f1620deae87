/** What a file imports, in every way TypeScript has of saying it. */
import { dirname, join } from "node:path/posix";

import ts from "typescript";

export interface Import {
  /** As written: `./store.js`, `node:fs`, `dockerode`. */
  readonly specifier: string;
  /** The file of the repository that is meant; undefined for packages and for what is not there. */
  readonly target: string | undefined;
  /** `type` imports are gone at run time. */
  readonly kind: "type" | "value";
  readonly line: number;
}

/** @param paths all files of the repository, to find the source behind a `.js` specifier */
export function importsOf(path: string, text: string, paths: ReadonlySet<string>): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const named = specifierOf(node);
    if (named !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ ...named, target: resolve(path, named.specifier, paths), line });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): Pick<Import, "specifier" | "kind"> | undefined {
  if (ts.isImportDeclaration(node)) return named(node.moduleSpecifier, kindOfImport(node));
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
    return named(node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return named(node.argument.literal, "type");
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return named(node.arguments[0], "value");
  // `new URL("./wrapper.js", import.meta.url)` names a file that is run as a process or a thread.
  if (ts.isNewExpression(node) && node.expression.getText() === "URL")
    return node.arguments?.[1]?.getText() === "import.meta.url"
      ? named(node.arguments[0], "value")
      : undefined;
  return undefined;
}

function named(
  node: ts.Node | undefined,
  kind: Import["kind"],
): Pick<Import, "specifier" | "kind"> | undefined {
  return node !== undefined && ts.isStringLiteral(node)
    ? { specifier: node.text, kind }
    : undefined;
}

/** `import { type A } from` counts as a value: it loads the module (verbatimModuleSyntax). */
function kindOfImport(node: ts.ImportDeclaration): Import["kind"] {
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? "type" : "value";
}

function resolve(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = join(dirname(from), specifier);
  return [path.replace(/\.js$/, ".ts"), path].find((candidate) => paths.has(candidate));
}
