/**
 * Transcripts: a text file in which each command is followed by what it printed. The file is at
 * once the test's input, its expectation, and a page that a person can read.
 *
 *     # Prose.
 *     > command with arguments
 *     what it printed, up to the next blank line
 */
export interface Step {
  /** Everything before the command: prose and blank lines, kept as they are. */
  readonly lead: string;
  readonly command: string;
  readonly expected: string;
}

export interface Script {
  readonly steps: readonly Step[];
  /** What follows the last command's output. */
  readonly tail: string;
}

const PROMPT = "> ";

export function parseScript(text: string): Script {
  const steps: Step[] = [];
  const lines = text.split("\n");
  let lead: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (!line.startsWith(PROMPT)) {
      lead.push(line);
      continue;
    }
    const output = outputAfter(lines, at);
    at += output.length;
    steps.push({
      lead: lead.map((each) => `${each}\n`).join(""),
      command: line.slice(PROMPT.length).trim(),
      expected: output.join("\n"),
    });
    lead = [];
  }
  return { steps, tail: lead.join("\n") };
}

function outputAfter(lines: readonly string[], at: number): string[] {
  const output: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (line === "" || line.startsWith(PROMPT)) break;
    output.push(line);
  }
  return output;
}

/**
 * The script's text with what the commands really printed: equal to the file
 * where all went as expected.
 */
export function renderScript({ steps, tail }: Script, printed: readonly string[]): string {
  const body = steps.map(({ lead, command }, i) => {
    const output = printed[i] ?? "";
    return `${lead}${PROMPT}${command}\n${output === "" ? "" : `${output}\n`}`;
  });
  return body.join("") + tail;
}
