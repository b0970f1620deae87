/**
 * Tables of a host's kernel that are shared by all containers and drop packets once they are full:
 * how much room they are to have at least, and what they have dropped so far.
 */

/**
 * Of neighbours, for all containers together: one entry for each pair of a container and an address
 * that it talks to. A kernel comes with room for 1,024, which forty tasks that all talk to each other
 * fill; then nobody finds anybody new until entries have aged. The numbers that Docker's own overlay
 * networks set.
 */
export const ROOM_FOR_NEIGHBOURS: ReadonlyMap<string, number> = new Map(
  ["ipv4", "ipv6"].flatMap((family) => [
    [`net.${family}.neigh.default.gc_thresh3`, 65_536] as const,
    [`net.${family}.neigh.default.gc_thresh2`, 49_152] as const,
    [`net.${family}.neigh.default.gc_thresh1`, 8_192] as const,
  ]),
);

/** Where the kernel counts what a table dropped, in which column, and what helps. */
const TABLES = [
  {
    file: "/proc/net/stat/arp_cache",
    column: "table_fulls",
    table: "neighbours (IPv4)",
    setting: "net.ipv4.neigh.default.gc_thresh3",
  },
  {
    file: "/proc/net/stat/ndisc_cache",
    column: "table_fulls",
    table: "neighbours (IPv6)",
    setting: "net.ipv6.neigh.default.gc_thresh3",
  },
  {
    file: "/proc/net/stat/nf_conntrack",
    column: "drop",
    table: "connections",
    setting: "net.netfilter.nf_conntrack_max",
  },
] as const;

export const TABLE_FILES: readonly string[] = TABLES.map(({ file }) => file);

export interface FullTable {
  readonly table: string;
  /** Since the kernel started, or since the look before. */
  readonly dropped: number;
  /** The sysctl that gives it more room. */
  readonly setting: string;
}

/** @param lines of all files, each with the file's path and a colon before it, as `grep -H` has it */
export function droppedByTables(lines: readonly string[]): FullTable[] {
  return TABLES.flatMap(({ file, column, table, setting }) => {
    const [head = "", ...rows] = lines
      .filter((line) => line.startsWith(`${file}:`))
      .map((line) => line.slice(file.length + 1).trim());
    const at = head.split(/\s+/).indexOf(column);
    if (at === -1) return [];
    // A row for each processor, in hexadecimal.
    const counts = rows.map((row) => Number.parseInt(row.split(/\s+/)[at] ?? "0", 16));
    return [{ table, dropped: counts.reduce((sum, count) => sum + count, 0), setting }];
  });
}

export function droppedSince(before: readonly FullTable[], now: readonly FullTable[]): FullTable[] {
  return now.flatMap((one) => {
    const known = before.find(({ table }) => table === one.table);
    const dropped = one.dropped - (known?.dropped ?? one.dropped);
    return dropped > 0 ? [{ ...one, dropped }] : [];
  });
}
