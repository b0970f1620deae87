/**
 * What `ip monitor label` and `bridge monitor` print of overlays, held against what is wanted: entries come
 * and go by our own doing all day, and what is as wanted is no hint that somebody was there.
 */
import type { DeviceEntries, OverlayState } from "./overlay-state.js";

const OURS = /\bskep\d|\bskvx\d/;
/** `NOARP`: an entry of forwarding, which `bridge monitor` tells. `FAILED`: deleted in the next line. */
const NEIGHBOUR =
  /^\[NEIGH\](?<gone>Deleted )?(?<key>\S+) dev (?<device>\S+)(?: lladdr (?<value>\S+))?(?<rest>.*)/;
const FORWARDING = /^(?<gone>Deleted )?(?<key>\S+) dev (?<device>\S+) dst (?<value>\S+)/;

/** @param lines of `ip monitor label` @param wanted undefined: anything may be a hint */
export function hintsAtLinks(lines: string, wanted: OverlayState | undefined): boolean {
  if (wanted === undefined || !OURS.test(lines)) return OURS.test(lines);
  return lines.split("\n").some((line) => {
    if (!OURS.test(line)) return false;
    const entry = NEIGHBOUR.exec(line)?.groups;
    if (entry === undefined) return true;
    const { gone, rest = "" } = entry;
    const isToldElsewhere =
      rest.includes("NOARP") || (gone === undefined && rest.includes("FAILED"));
    return !isToldElsewhere && differs(entry, wanted.neighbours);
  });
}

/** @param lines of `bridge monitor fdb` */
export function hintsAtForwarding(lines: string, wanted: OverlayState | undefined): boolean {
  return lines.split("\n").some((line) => {
    if (!OURS.test(line)) return false;
    const entry = FORWARDING.exec(line)?.groups;
    if (entry === undefined) return false;
    return wanted === undefined || differs(entry, wanted.forwarding);
  });
}

/** Of devices that have no entries of ours, such as bridges, neighbours are the kernel's own affair. */
function differs(
  { gone, key = "", device = "", value }: Readonly<Record<string, string | undefined>>,
  wanted: DeviceEntries,
): boolean {
  const entries = wanted.get(device);
  if (entries === undefined) return false;
  return entries.get(key) !== (gone === undefined ? value : undefined);
}
