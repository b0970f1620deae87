/**
 * The simulation with a deliberate bug in it: its sources, and all that they import, translated into
 * a folder of their own, one of them altered.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import ts from "typescript";

import { assert } from "../../../shared/errors/assert.js";
import { type Mutant, plant } from "./mutant.js";

/** What a process is started with. */
export const PROGRAMS = {
  simulation: "test/sim/raft/seed-worker.ts",
  "cluster simulation": "test/sim/whole/seed-worker.ts",
} as const;
/** What the sources find beside them when they run. */
const LINKED = ["node_modules", "proto"];
const RELATIVE_IMPORT = /^(?:import|export)\b(?! type\b)[^;]*?"(\.{1,2}\/[^"]+)\.js";/gm;
/** Found only when it runs. */
const RESOLVED_IMPORT = /import\.meta\.resolve\("(\.\/[^"]+)\.js"\)/g;

export interface SimulationCopy extends Disposable {
  /** To be forked; see `seed-worker.ts`. */
  readonly program: string;
}

export class SimulationSources {
  readonly #root: string;
  readonly #entry: string;
  readonly #sources = new Map<string, string>();
  readonly #translated = new Map<string, string>();

  constructor(root: string, simulation: keyof typeof PROGRAMS) {
    this.#root = root;
    this.#entry = PROGRAMS[simulation];
    this.#read(this.#entry);
  }

  copyWith(mutant: Mutant): SimulationCopy {
    const source = this.#sources.get(mutant.file);
    assert(source !== undefined, `${mutant.file} is no part of the simulation`);
    const altered = plant(mutant, source);
    const folder = mkdtempSync(join(tmpdir(), "skep-mutant-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const name of LINKED) symlinkSync(join(this.#root, name), join(folder, name));
    for (const file of this.#sources.keys()) {
      const target = join(folder, built(file));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, file === mutant.file ? translate(altered) : this.#translate(file));
    }
    return {
      program: join(folder, built(this.#entry)),
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    };
  }

  #translate(file: string): string {
    let text = this.#translated.get(file);
    if (text === undefined) {
      this.#translated.set(file, (text = translate(this.#sources.get(file) ?? "")));
    }
    return text;
  }

  #read(file: string): void {
    if (this.#sources.has(file)) return;
    const source = readFileSync(join(this.#root, file), "utf8");
    this.#sources.set(file, source);
    for (const pattern of [RELATIVE_IMPORT, RESOLVED_IMPORT]) {
      for (const [, imported] of source.matchAll(pattern)) {
        this.#read(join(dirname(file), `${imported as string}.ts`));
      }
    }
  }
}

function built(file: string): string {
  return file.replace(/\.ts$/, ".js");
}

function translate(source: string): string {
  return ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}
