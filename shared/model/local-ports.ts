/**
 * Which published ports of a service keep their clients' addresses: a host that runs tasks of it
 * leads connections to these alone. Said in a label of the service, which every client of Docker's
 * API can set, and which survives those that rewrite the whole spec and know nothing of it.
 */
import { PORT_PROTOCOLS } from "./task.js";

export const LOCAL_PORTS_LABEL = "skep.publish.local";

const EVERY_PORT = "all";
const PORT = new RegExp(`^(\\d{1,5})(?:/(${PORT_PROTOCOLS.join("|")}))?$`);

export interface LocalPorts {
  has(port: { readonly published: number; readonly protocol: string }): boolean;
}

const NONE: LocalPorts = { has: () => false };

/**
 * @param labels of the service
 * @returns undefined where what is said there cannot be meant
 */
export function localPorts(
  labels: Readonly<Record<string, string>> | undefined,
): LocalPorts | undefined {
  const text = labels?.[LOCAL_PORTS_LABEL]?.trim();
  if (text === undefined) return NONE;
  if (text === EVERY_PORT) return { has: () => true };
  const ports = new Set<string>();
  for (const word of text.split(",")) {
    const [, number, protocol = "tcp"] = PORT.exec(word.trim()) ?? [];
    if (number === undefined) return undefined;
    ports.add(`${Number(number)}/${protocol}`);
  }
  return { has: ({ published, protocol }) => ports.has(`${published}/${protocol}`) };
}
