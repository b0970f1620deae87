/**
 * For tests of these scripts: a small checkout with our tools and configuration, and no sources.
 */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const TOOLING = [
  ".gitignore",
  ".prettierignore",
  ".prettierrc.json",
  "eslint.config.js",
  "package-lock.json",
  "package.json",
  "scripts",
  "tsconfig.build.json",
  "tsconfig.core.json",
  "tsconfig.json",
];

export interface Checkout {
  readonly root: string;
  write(path: string, text: string): void;
  run(command: string, ...args: readonly string[]): SpawnSyncReturns<string>;
}

/** Removed when the test ends. */
export function temporaryCheckout(): Checkout {
  const root = mkdtempSync(join(tmpdir(), "skep-checkout-"));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  for (const name of TOOLING) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  borrowPackages(root);
  return {
    root,
    write: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    run: (command, ...args) =>
      spawnSync(command, args, { cwd: root, encoding: "utf8", env: environment() }),
  };
}

/** One by one, so that the caches in node_modules are not shared. */
function borrowPackages(root: string): void {
  mkdirSync(join(root, "node_modules"));
  for (const name of readdirSync(join(ROOT, "node_modules")).filter((entry) => entry !== ".cache"))
    symlinkSync(join(ROOT, "node_modules", name), join(root, "node_modules", name));
}

/** Without what git tells its hooks, so that tests which a hook runs do not work on our index. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GIT_/.test(name)));
}
