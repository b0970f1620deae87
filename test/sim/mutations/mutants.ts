/** All deliberate bugs that the suite has to notice. */
import { AGENT_MUTANTS } from "./agent-mutants.js";
import { CLUSTER_MUTANTS } from "./cluster-mutants.js";
import { CORE_MUTANTS } from "./core-mutants.js";
import { DISK_MUTANTS } from "./disk-mutants.js";
import { DRIVER_MUTANTS } from "./driver-mutants.js";
import { ELECTION_MUTANTS } from "./election-mutants.js";
import { MANAGERS_MUTANTS } from "./managers-mutants.js";
import type { Mutant } from "./mutant.js";
import { NETWORK_MUTANTS } from "./network-mutants.js";

export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...CORE_MUTANTS,
  ...DRIVER_MUTANTS,
  ...DISK_MUTANTS,
  ...AGENT_MUTANTS,
  ...CLUSTER_MUTANTS,
  ...MANAGERS_MUTANTS,
  ...NETWORK_MUTANTS,
];
