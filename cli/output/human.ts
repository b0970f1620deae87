/** Values as people read them, in Docker's words: ages, sizes, shortened texts, natural order. */
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const SHORT_ID_LENGTH = 12;
const SIZE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const SIZE_DIGITS = 4;

/**
 * `About a minute`, `5 hours`; two units of the next kind before it is used
 * (47 hours, then 2 days).
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / SECOND_MS);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(durationMs / MINUTE_MS);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(durationMs / HOUR_MS);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = hours / 24;
  if (days < 14) return `${Math.trunc(days)} days`;
  if (days < 60) return `${Math.trunc(days / 7)} weeks`;
  if (days < 2 * 365) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(Math.trunc(durationMs / HOUR_MS) / 24 / 365)} years`;
}

export function humanDurationNs(durationNs: number): string {
  return humanDuration(durationNs / 1e6);
}

/** `64MiB`, `1.953GiB`: four digits, units of 1,024. */
export function humanSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < SIZE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${String(Number(size.toPrecision(SIZE_DIGITS)))}${SIZE_UNITS[unit] ?? ""}`;
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}

/** At most `width` characters, the last of them `…` where something was cut. */
export function ellipsis(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/** `replicated job` → `Replicated job`. */
export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}

/** The order in which `web.2` comes before `web.10`. */
export function compareNaturally(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = compareParts(part, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareParts(a: string, b: string): number {
  const byNumber = /^\d/.test(a) && /^\d/.test(b) ? Number(a) - Number(b) : 0;
  if (byNumber !== 0) return byNumber;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * `nginx:1.27@sha256:…` → `nginx:1.27`, `docker.io/library/nginx` → `nginx`; as a table shows it.
 */
export function shortImage(image: string): string {
  const tagged = /^([^@]*\/)?[^/:@]+:[^/@]+(?=@|$)/.exec(image)?.[0];
  if (tagged === undefined) return image;
  return tagged.replace(/^(index\.)?docker\.io\//, "").replace(/^library\/(?=[^/]+$)/, "");
}

const NS_PER_US = 1e3;
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const S_PER_MINUTE = 60;
const S_PER_HOUR = 3600;

/** Go's own notation of a time: `1m30s`, `500ms`, `1h0m0s`, `0s`. */
export function goDuration(durationNs: number): string {
  const sign = durationNs < 0 ? "-" : "";
  const ns = Math.abs(durationNs);
  if (ns === 0) return "0s";
  if (ns < NS_PER_US) return `${sign}${ns}ns`;
  if (ns < NS_PER_MS) return `${sign}${ns / NS_PER_US}µs`;
  if (ns < NS_PER_S) return `${sign}${ns / NS_PER_MS}ms`;
  const totalSeconds = Math.trunc(ns / NS_PER_S);
  const hours = Math.trunc(totalSeconds / S_PER_HOUR);
  const minutes = Math.trunc((totalSeconds % S_PER_HOUR) / S_PER_MINUTE);
  const seconds = (totalSeconds % S_PER_MINUTE) + (ns % NS_PER_S) / NS_PER_S;
  const shown = [
    hours > 0 ? `${hours}h` : "",
    totalSeconds >= S_PER_MINUTE ? `${minutes}m` : "",
    `${Number(seconds.toFixed(9))}s`,
  ];
  return sign + shown.join("");
}
