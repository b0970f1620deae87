/** Lengths of time to the second, in the notation of Docker's flags: `1m30s`. */
const MS_PER_S = 1_000;
const S_PER_MINUTE = 60;
const S_PER_HOUR = 3_600;

/** Rounded up: by then it is over. */
export function durationWords(ms: number): string {
  const total = Math.ceil(ms / MS_PER_S);
  const hours = Math.trunc(total / S_PER_HOUR);
  const minutes = Math.trunc((total % S_PER_HOUR) / S_PER_MINUTE);
  const seconds = total % S_PER_MINUTE;
  const parts = [
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(minutes > 0 ? [`${minutes}m`] : []),
    ...(seconds > 0 || total === 0 ? [`${seconds}s`] : []),
  ];
  return parts.join("");
}
