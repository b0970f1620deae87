/** Points in time as Go clients read them. */

/** RFC 3339 in UTC. @param ms since 1970; what is no point in time shows as its beginning. */
export function showTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? NO_TIME : time.toISOString();
}

/** Go's zero time. */
const NO_TIME = "0001-01-01T00:00:00Z";
