/**
 * What is different between two values of JSON, a line for each place: `ContainerSpec.Image: a → b`.
 */
type Leaves = ReadonlyMap<string, string>;

export function differences(before: unknown, after: unknown): string[] {
  const old = leavesOf(before);
  const now = leavesOf(after);
  const places = [...new Set([...old.keys(), ...now.keys()])].sort();
  return places.flatMap((place) => lineOf(place, old.get(place), now.get(place)));
}

function lineOf(place: string, before: string | undefined, after: string | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`+ ${shown(place, after)}`];
  if (after === undefined) return [`- ${shown(place, before)}`];
  return [`~ ${place}: ${before} → ${after}`];
}

/** An entry of a list is all said by its place. */
function shown(place: string, value = ""): string {
  return value === "" ? place : `${place}: ${value}`;
}

/** Lists are compared as sets of their entries: what was put in is found wherever it stands. */
function leavesOf(value: unknown): Leaves {
  const leaves = new Map<string, string>();
  collect(value, "", leaves);
  return leaves;
}

function collect(value: unknown, place: string, leaves: Map<string, string>): void {
  if (Array.isArray(value)) {
    if (isCommandLine(place)) leaves.set(place, JSON.stringify(value));
    else for (const entry of value) leaves.set(`${place}[${textOf(entry)}]`, "");
  } else if (typeof value === "object" && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      collect(part, place === "" ? name : `${place}.${name}`, leaves);
    }
  } else {
    leaves.set(place, textOf(value));
  }
}

/** Lists whose order is what they mean. */
function isCommandLine(place: string): boolean {
  return /(^|\.)(Command|Args|Test)$/.test(place);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
