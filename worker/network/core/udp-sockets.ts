/**
 * Reads `/proc/PID/net/udp` and `udp6`: whether anybody in a network namespace speaks UDP. An engine
 * has sockets of its own there, on a loopback address, for names; they speak to nobody outside.
 */

/** Addresses are in hexadecimal, the first byte last: `0B00007F:9A3C`. */
const LOOPBACK = /^[0-9A-F]{6}7F:/;

export function speaksUdp(shown: string): boolean {
  const [, ...sockets] = shown.trim().split("\n");
  return sockets.some((line) => {
    const [, local = ""] = line.trim().split(/\s+/);
    return local !== "" && !LOOPBACK.test(local);
  });
}
