/** `--availability`, with which a node can come into the swarm. */
import { words } from "../../completion/sources.js";
import { BadValueError } from "../../errors.js";
import { single } from "../../flags/flag.js";

export type Availability = "active" | "pause" | "drain";

export const AVAILABILITIES: readonly Availability[] = ["active", "pause", "drain"];

export const AVAILABILITY_FLAG = single(
  "string",
  'Availability of the node ("active", "pause", "drain") (default "active")',
  parseAvailability,
  { completion: words(...AVAILABILITIES) },
);

function parseAvailability(given: string): Availability {
  const found = AVAILABILITIES.find((availability) => availability === given.toLowerCase());
  if (found === undefined) throw new BadValueError('must be "active", "pause" or "drain"');
  return found;
}
