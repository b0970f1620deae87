/**
 * Waits until containers that are gone have let a network go: hosts tell of them once their engine has
 * said so, and whoever removes a container removes its network in the next breath.
 */
import type { Attachment } from "../../shared/model/attachment.js";
import type { NetworkId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { StoreReader, StoreWatcher } from "../store/store-access.js";

/** A host that is there has told by then. */
const TOLD_WITHIN_MS = 1_000;

/**
 * Resolves once no container is attached to the network, or the time is over.
 * @param reference its name or id; it need not be there
 */
export function untilDetached(
  store: StoreReader & StoreWatcher,
  reference: string,
  clock: Clock,
): Promise<void> {
  const { committed } = store;
  const network = committed.networkByName(reference) ?? committed.network(reference as NetworkId);
  const isOnIt = ({ networks }: Attachment): boolean =>
    networks.some(({ networkId }) => networkId === network?.id);
  const isFree = (): boolean => !store.committed.attachments().some(isOnIt);
  if (isFree()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      watch.close();
      resolve();
    };
    const timer = clock.after(TOLD_WITHIN_MS, end);
    const watch = store.watch(({ events }) => {
      if (events.some(({ type }) => type === "attachment") && isFree()) end();
    });
  });
}
