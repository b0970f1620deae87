/** The addresses that this host has at the moment. */
import { networkInterfaces } from "node:os";

import type { InterfaceAddress } from "./advertise.js";

export function interfaceAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
    (addresses ?? []).map(({ address, family, internal }) => ({
      interfaceName,
      address,
      family,
      internal,
    })),
  );
}
