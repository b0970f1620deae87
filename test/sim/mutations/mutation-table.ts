/** `docs/mutations.md`: each deliberate bug, and who noticed it in the last run of all of them. */
import type { Catch, Mutant } from "./mutant.js";

/** Undefined: nobody noticed. */
export type Outcomes = ReadonlyMap<Mutant, Catch | undefined>;

const PREFACE = `# Deliberate bugs, and who notices

Written by \`npm run mutate -- --write\`, which puts each of these bugs into a copy of the sources, alone,
and runs what has to notice: the seeds of the simulated clusters that \`npm test\` runs, one by one
(\`npm run sim -- --from SEED --seeds 1\` is one of them, and with \`--cluster\` one of whole
clusters), or a file of unit tests. The bugs
themselves, as pieces of source that are replaced, are in \`test/sim/mutations/\`; a test holds them to
the sources as they are, and this page to them.

`;
/** Of a violation: enough to see what it is about. */
const SHOWN_CHARACTERS = 100;

/** @param page as it is: what it tells of bugs that were not tried stays. */
export function tableOf(mutants: readonly Mutant[], tried: Outcomes, page: string): string {
  const rows = mutants.map((mutant) => {
    const known = tried.has(mutant) ? undefined : rowOnPage(page, mutant.name);
    return known ?? rowOf(mutant, tried.get(mutant));
  });
  const head = "| bug | in | noticed by | as |\n| --- | --- | --- | --- |\n";
  return `${PREFACE}${head}${rows.join("\n")}\n`;
}

/** The seed that noticed a bug, as the page tells. */
export function seedOnPage(page: string, name: string): number | undefined {
  const [, seed] =
    /\| (?:cluster )?simulation, seed (\d+) /.exec(rowOnPage(page, name) ?? "") ?? [];
  return seed === undefined ? undefined : Number(seed);
}

function rowOnPage(page: string, name: string): string | undefined {
  return page.split("\n").find((line) => line.startsWith(`| ${name} `));
}

function rowOf({ name, file, caughtBy }: Mutant, caught: Catch | undefined): string {
  if (caught === undefined) return `| ${name} | \`${file}\` | nobody | |`;
  const where = caughtBy.endsWith("simulation") ? caughtBy : `\`${caughtBy}\``;
  return `| ${name} | \`${file}\` | ${where}, ${cell(caught.by)} | ${cell(firstWords(caught.as))} |`;
}

function firstWords(text: string): string {
  const plain = text
    .replaceAll(/\/tmp\/skep-mutant-[^/]+\//g, "")
    .replaceAll(/\s+at (async )?(file:|\/|[A-Za-z#.<>]+ \().*/gs, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return plain.length <= SHOWN_CHARACTERS ? plain : `${plain.slice(0, SHOWN_CHARACTERS)}…`;
}

/** As one cell of a table in Markdown, letter by letter. */
function cell(text: string): string {
  return text.replaceAll(/[\\|*_<>[\]`#]/g, (sign) => `\\${sign}`);
}
