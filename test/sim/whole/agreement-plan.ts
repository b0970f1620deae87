/**
 * Whether the managers of a whole cluster really agree on a log, which takes several times as long
 * to simulate as one log for all of them; and with what settings.
 */
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import type { RaftSettings } from "../agreement/raft-consensus.js";
import { pick } from "../pick.js";
import { FAIR_WEATHER, type Weather } from "../raft/network.js";

export interface AgreementPlan {
  readonly managers: number;
  readonly settings: RaftSettings;
}

/** Of so many seeds one. */
const SHARE = 6;
const MANAGERS = [3, 3, 3, 3, 3, 5, 1];

/** @returns undefined where there is one log for all. */
export function agreementOf(seed: number): AgreementPlan | undefined {
  const random = seededRandom(`whole ${seed}/agreement`);
  if (random.below(SHARE) > 0) return undefined;
  return { managers: pick(random, MANAGERS), settings: settingsOf(random) };
}

function settingsOf(random: Random): RaftSettings {
  return {
    compaction: {
      snapshotInterval: pick(random, [15, 60, 300, 10_000]),
      logEntriesForSlowFollowers: pick(random, [0, 10, 500]),
    },
    sizes: { segmentBytes: pick(random, [4_000, 16_000, 64_000]), growBytes: 4_096 },
    weather: weatherOf(random),
  };
}

/** Between managers, all the time. */
function weatherOf(random: Random): Weather {
  if (random.below(2) === 0) return FAIR_WEATHER;
  return {
    lost: pick(random, [0, 5, 30]),
    doubled: pick(random, [0, 20]),
    late: pick(random, [0, 20]),
    delayMs: 1 + random.below(20),
    order: pick(random, ["kept", "any"]),
  };
}
