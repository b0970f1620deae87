/** Labels and environment variables: `key=value`, in flags and in files. */
import type { Environment } from "../context.js";
import { BadValueError } from "../errors.js";
import { cut } from "./parse-line.js";

/** @throws BadValueError */
export function parseLabel(given: string): string {
  const key = cut(given, "=")[0].replace(/^[ \t]+/, "");
  if (key === "") throw new BadValueError(`invalid label '${given}': empty name`);
  if (/[ \t]/.test(key)) throw new BadValueError(`label '${key}' contains whitespaces`);
  return given;
}

/** @throws BadValueError */
export function parseVariable(given: string): string {
  if (cut(given, "=")[0] === "") {
    throw new BadValueError(`invalid environment variable: ${given}`);
  }
  return given;
}

/** `key=value` → `{ key: value }`; the last of a key counts, one without `=` is empty. */
export function toMap(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key, value = ""] = cut(pair, "=");
      return [key, value];
    }),
  );
}

/**
 * Variables of files, then of flags, later ones in place of earlier; one without a value takes the
 * caller's own, as Docker does.
 *
 * @param files the contents, by path
 * @throws BadValueError
 */
export function collectVariables(
  files: readonly (readonly [path: string, contents: string])[],
  given: readonly string[],
  env: Environment,
): string[] {
  const fromFiles = files.flatMap(([path, contents]) => variablesIn(path, contents, env));
  const byName = new Map<string, string>();
  for (const variable of [...fromFiles, ...given.map((one) => withOwnValue(one, env) ?? one)]) {
    const [name] = cut(variable, "=");
    // Deleting first puts the variable where it was last given.
    byName.delete(name);
    byName.set(name, variable);
  }
  return [...byName.values()];
}

/** Lines of `NAME=value`; `#` opens a comment; a name alone that the caller lacks is left out. */
function variablesIn(path: string, contents: string, env: Environment): string[] {
  return contents
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => {
      const [name] = cut(line, "=");
      if (name === "") throw new BadValueError(`no variable name on line '${line}' of ${path}`);
      if (/\s/.test(name)) {
        throw new BadValueError(`variable '${name}' contains whitespaces (in ${path})`);
      }
      return withOwnValue(line, env) ?? [];
    });
}

function withOwnValue(variable: string, env: Environment): string | undefined {
  if (variable.includes("=")) return variable;
  const own = env[variable];
  return own === undefined ? undefined : `${variable}=${own}`;
}
