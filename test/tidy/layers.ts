/** Who may import whom: between the top folders, and out of the pure core. */
import type { Import } from "./imports.js";
import { areaOf, type Finding, isCore, isTest, type SourceFile, type Tree } from "./source-tree.js";

/**
 * The processes of a cluster share nothing but `shared/`: a manager that imported the worker would
 * work in the simulator and on one host, and fail on two. `node/` is where they meet.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  manager: ["shared", "manager"],
  worker: ["shared", "worker"],
  node: ["shared", "manager", "worker", "node"],
  cli: ["shared", "cli"],
  deploy: ["shared", "cli", "deploy"],
  // A benchmark of a thousand agents runs them on the simulator's engine.
  bench: ["shared", "manager", "worker", "node", "cli", "deploy", "bench", "test"],
  scripts: ["scripts"],
};

/** What core/ may import besides core/ of its own area: everywhere, or types alone. */
const CORE_MAY_LOAD = ["shared/model/", "shared/errors/"];
const CORE_MAY_NAME = ["shared/docker-api/", "shared/ports/"];

/** Packages that only compute: no IO, clock, randomness or state of their own. */
const PURE_PACKAGES = ["ipaddr.js"];

export function wrongImports(tree: Tree): Finding[] {
  return [...tree.values()].flatMap((file) =>
    file.imports.flatMap((imported) => {
      const message = objectionTo(file, imported);
      return message === undefined ? [] : [{ path: file.path, line: imported.line, message }];
    }),
  );
}

function objectionTo(file: SourceFile, imported: Import): string | undefined {
  return crossingBetweenAreas(file, imported) ?? escapeFromCore(file, imported);
}

function crossingBetweenAreas({ path }: SourceFile, { target }: Import): string | undefined {
  if (target === undefined) return undefined;
  const allowed = MAY_IMPORT[areaOf(path)];
  if (allowed === undefined || allowed.includes(areaOf(target))) return undefined;
  // The root holds what describes the whole (package.json), which only tests have a use for.
  if (isTest(path) && ["test", ""].includes(areaOf(target))) return undefined;
  return `imports ${target}: ${areaOf(path)}/ may import only ${allowed.join(", ")}`;
}

function escapeFromCore(
  { path }: SourceFile,
  { specifier, target, kind }: Import,
): string | undefined {
  if (!isCore(path)) return undefined;
  if (target === undefined)
    return PURE_PACKAGES.includes(specifier)
      ? undefined
      : `imports ${specifier}: of packages, core/ may import only ${PURE_PACKAGES.join(", ")}`;
  if (target.endsWith(".test.ts")) return `imports ${target}: a test`;
  if (isCore(target) || CORE_MAY_LOAD.some((folder) => target.startsWith(folder))) return undefined;
  if (!CORE_MAY_NAME.some((folder) => target.startsWith(folder)))
    return `imports ${target}: core/ imports only core/, ${[...CORE_MAY_LOAD, ...CORE_MAY_NAME].join(", ")}`;
  return kind === "type" ? undefined : `imports ${target}, of which core/ may import only types`;
}
