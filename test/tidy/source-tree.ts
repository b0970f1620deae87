/**
 * The repository as the tidy rules see it: every text file, and for code what it imports.
 *
 * Rules are functions from a tree to findings, so that each can be tested on a tree of three lines.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

import { type Import, importsOf } from "./imports.js";

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Empty for what is not code. */
  readonly imports: readonly Import[];
}

export type Tree = ReadonlyMap<string, SourceFile>;

export interface Finding {
  readonly path: string;
  /** From 1; undefined where the whole file is meant. */
  readonly line?: number;
  readonly message: string;
}

const CODE = /\.(ts|js|mjs)$/;
const TEXT = /(\.(ts|js|mjs|json|md|ya?ml|proto|sh|txt|service)|\/run|\/pre-commit|\.npmrc)$/;
const NOT_OURS = new Set([".git", "node_modules", "dist", "coverage", "fixtures"]);

export function readTree(root: string): Tree {
  const paths = readdirSync(root, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(root, entry.name) : [entry.name]));
  const texts = paths
    .filter((path) => TEXT.test(path))
    .sort()
    .map((path) => [path, readFileSync(join(root, path), "utf8")] as const);
  return treeOf(Object.fromEntries(texts));
}

/** A tree from texts by path. */
export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  const paths = new Set(Object.keys(texts));
  return new Map(
    Object.entries(texts).map(([path, text]) => {
      const imports = isCode(path) ? importsOf(path, text, paths) : [];
      return [path, { path, text, imports }];
    }),
  );
}

export function isCode(path: string): boolean {
  return CODE.test(path);
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** The first segment: `manager` of `manager/store/store.ts`, empty for files at the root. */
export function areaOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

/** Pure code: every `core/`, and the model that managers and workers share. Tests of it are not. */
export function isCore(path: string): boolean {
  const pure = /(^|\/)core\//.test(path) || path.startsWith("shared/model/");
  return pure && areaOf(path) !== "test" && !isTest(path);
}

export function describeFinding({ path, line, message }: Finding): string {
  return `${path}${line === undefined ? "" : `:${line}`} ${message}`;
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length))
    .map((path) => path.split(sep).join("/"))
    .filter((path) => !path.split("/").some((segment) => NOT_OURS.has(segment)));
}
