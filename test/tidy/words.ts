/** Texts that must not be there: unfinished marks, silenced tests, traces of one machine. */
import { type Finding, isCode, isTest, type Tree } from "./source-tree.js";

interface Ban {
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly message: string;
}

const BANS: readonly Ban[] = [
  {
    // Brackets keep each pattern from matching its own text here.
    pattern: /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/,
    applies: (path) => isCode(path) || path.endsWith(".proto"),
    message: "leaves work behind: do it, or open an issue",
  },
  {
    pattern: /\b(describe|test|it|suite)\.(concurrent\.)?(skip|only|todo|skipIf|runIf|fails)\b/,
    applies: isTest,
    message: "silences tests without a reason: say context.skip(condition, reason) in the test",
  },
  {
    pattern: /eslint-disabl[e](?!.* -- \w)/,
    applies: isCode,
    message: "switches a rule off without a reason after --",
  },
  {
    pattern: /(^|[^\w.])\/(wor[k]|far[m]|Use[r]s|hom[e]\/[a-z][\w-]*)\/|\/tmp\/bash_job[s]/,
    applies: () => true,
    message: "names a path of one machine",
  },
  {
    pattern: /^\s*(@[\w-]+:)?registry\s*=|"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/,
    applies: (path) => path === ".npmrc" || path === "package-lock.json",
    message: "ties the packages to one registry",
  },
];

export function forbiddenWords(tree: Tree): Finding[] {
  return [...tree.values()].flatMap(({ path, text }) => {
    const bans = BANS.filter((ban) => ban.applies(path));
    return text
      .split("\n")
      .flatMap((content, index) =>
        bans
          .filter(({ pattern }) => pattern.test(content))
          .map(({ message }) => ({ path, line: index + 1, message })),
      );
  });
}
