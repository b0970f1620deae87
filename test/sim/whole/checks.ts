/** All checks of a whole cluster. */
import { AddressCheck } from "./address-check.js";
import { FenceCheck } from "./fence-check.js";
import { GenericsCheck } from "./generics-check.js";
import type { Check, Ground } from "./ground.js";
import { NamesCheck } from "./names-check.js";
import { OrderCheck } from "./order-check.js";
import { PlacementCheck } from "./placement-check.js";
import { RestartCheck } from "./restart-check.js";
import { SlotCheck } from "./slot-check.js";
import { UpdateCheck } from "./update-check.js";
import { WorldCheck } from "./world-check.js";

export function checksOf(ground: Ground): readonly Check[] {
  return [
    new UpdateCheck(ground),
    new SlotCheck(ground),
    new PlacementCheck(ground),
    new RestartCheck(ground),
    new OrderCheck(ground),
    new WorldCheck(ground),
    new GenericsCheck(ground),
    new FenceCheck(ground),
    new AddressCheck(ground),
    new NamesCheck(ground),
  ];
}
