/** Images by name, and how a container of each fares: what a task's own stream of chance says. */
import type { Random } from "../../../shared/ports/random.js";
import { type ContainerLife, ORDINARY_LIFE } from "../container-life.js";

type Fares = (random: Random) => Partial<ContainerLife>;

const IMAGES = {
  plain: () => ({}),
  slow: (random) => ({ prepareMs: random.below(4_000), startMs: random.below(1_000) }),
  checked: (random) => ({ healthy: { afterMs: 200 + random.below(2_000) } }),
  stubborn: (random) => ({ stopMs: random.below(8_000) }),
  once: (random) => ({ endsAfterMs: 200 + random.below(4_000) }),
  crash: (random) => ({ endsAfterMs: random.below(3_000), exitCode: 1 }),
  flaky: (random) =>
    random.below(3) > 0 ? {} : { endsAfterMs: random.below(12_000), exitCode: 1 },
  sick: (random) => ({
    healthy: { afterMs: 300 },
    sickAfterMs: 400 + random.below(8_000),
    stopMs: random.below(3_000),
  }),
  missing: () => ({ image: "missing" as const }),
} as const satisfies Record<string, Fares>;

export type Image = keyof typeof IMAGES;

/** Those whose containers run until they are stopped. */
export const LASTING_IMAGES = ["plain", "slow", "checked", "stubborn"] as const;
export const ENDING_IMAGES = ["once", "crash", "flaky", "sick", "missing"] as const;

export function isLasting(image: string | undefined): boolean {
  return LASTING_IMAGES.some((name) => name === nameOf(image));
}

/** @param image with a tag: other tags are other templates, and fare alike */
export function lifeOf(image: string | undefined, random: Random): ContainerLife {
  const fares: Fares = IMAGES[nameOf(image)];
  const usual = {
    prepareMs: random.below(400),
    startMs: random.below(200),
    stopMs: random.below(300),
  };
  return { ...ORDINARY_LIFE, ...usual, ...fares(random) };
}

function nameOf(image: string | undefined): Image {
  const [name = ""] = (image ?? "").split(":");
  return name in IMAGES ? (name as Image) : "plain";
}
