/**
 * DESIGN 5, point 4: no agent obeys a lower (epoch, term) than it has seen. What it obeys is on its
 * disk first, so what is written there never falls, and no restart forgets it.
 */
import { compareFences, type Fence, LOWEST_FENCE } from "../../../shared/model/fence.js";
import type { SimWorker } from "../cluster/sim-worker.js";
import type { Check, Ground } from "./ground.js";

export class FenceCheck implements Check {
  readonly points = "4";
  readonly #ground: Ground;
  readonly #kept = new Map<SimWorker, Fence>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  tick(): void {
    for (const worker of this.#ground.workers) {
      const { name, disk } = worker;
      const [fall] = disk.fallen.splice(0);
      if (fall !== undefined)
        this.#ground.violated("an agent's fence never falls", `${name}: ${fall}`);
      const before = this.#kept.get(worker) ?? LOWEST_FENCE;
      if (compareFences(disk.fence, before) < 0 && !worker.hasLeft) {
        const detail = `${name} has forgotten ${JSON.stringify(before)}: ${JSON.stringify(disk.fence)}`;
        this.#ground.violated("an agent forgets no fence", detail);
      }
      this.#kept.set(worker, disk.fence);
    }
  }
}
