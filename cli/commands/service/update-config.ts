/** How a service is updated and rolled back, from the `--update-…` and `--rollback-…` flags. */
import type { RollbackConfig, UpdateConfig } from "../../../shared/docker-api/service-spec.js";
import type { FlagValues } from "../../flags/flag.js";
import { presentIfAny } from "../../present.js";
import type { SHARED_FLAGS } from "./shared-flags.js";

type SharedValues = FlagValues<typeof SHARED_FLAGS>;

/**
 * Docker's own, for what a first flag leaves open: in a config that is given, a
 * missing number would mean zero.
 */
const DEFAULTS = {
  Parallelism: 1,
  Delay: 0,
  Monitor: 5e9,
  FailureAction: "pause",
  MaxFailureRatio: 0,
  Order: "stop-first",
} as const satisfies UpdateConfig;

/** @param before what the service has; undefined where no flag says anything. */
export function updateConfigFrom(
  flags: SharedValues,
  before: UpdateConfig | undefined,
): UpdateConfig | undefined {
  const given = presentIfAny({
    Parallelism: flags["update-parallelism"],
    Delay: flags["update-delay"],
    Monitor: flags["update-monitor"],
    // The daemon knows the words, and says which they are.
    FailureAction: flags["update-failure-action"] as UpdateConfig["FailureAction"] | undefined,
    MaxFailureRatio: flags["update-max-failure-ratio"],
    Order: flags["update-order"] as UpdateConfig["Order"] | undefined,
  });
  return given && { ...(before ?? DEFAULTS), ...given };
}

export function rollbackConfigFrom(
  flags: SharedValues,
  before: RollbackConfig | undefined,
): RollbackConfig | undefined {
  const given = presentIfAny({
    Parallelism: flags["rollback-parallelism"],
    Delay: flags["rollback-delay"],
    Monitor: flags["rollback-monitor"],
    FailureAction: flags["rollback-failure-action"] as RollbackConfig["FailureAction"] | undefined,
    MaxFailureRatio: flags["rollback-max-failure-ratio"],
    Order: flags["rollback-order"] as RollbackConfig["Order"] | undefined,
  });
  return given && { ...(before ?? DEFAULTS), ...given };
}
