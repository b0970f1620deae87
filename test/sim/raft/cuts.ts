/** What the power cut of a planned crash leaves. */
import { seededRandom } from "../../../shared/ports/random.js";
import { keepAll, keepSome, loseAll } from "../power-cut.js";
import type { PowerCut } from "../simulated-disk.js";
import type { Cut, Fault } from "./plan.js";

const SECTOR_BYTES = 64;

/** @returns undefined where only the process dies. */
export function cutOf({ cut, number, atMs }: Fault): PowerCut | undefined {
  const cuts: Readonly<Record<Cut, () => PowerCut | undefined>> = {
    kill: () => undefined,
    "lose-all": () => loseAll,
    "keep-some": () => keepSome(seededRandom(`cut ${number} ${atMs}`), SECTOR_BYTES),
    "keep-all": () => keepAll,
  };
  return cuts[cut]();
}
