/** What a manager's user is told before it leaves: what the rest would be without it. */
import type { Manager } from "../manager/manager.js";

const BEGINNING =
  "You are attempting to leave the swarm on a node that is participating as a manager. ";

/** In Docker's words. */
export function leaveWarning(manager: Pick<Manager, "managers" | "managerStatus">): string {
  const { managers } = manager;
  const up = managers.filter(
    ({ nodeId }) => manager.managerStatus(nodeId)?.reachability === "reachable",
  );
  const [reachable, unreachable] = [up.length, managers.length - up.length];
  if (managers.length <= 1) {
    return `${BEGINNING}Removing the last manager erases all current state of the swarm. Use \`--force\` to ignore this message. `;
  }
  const loss =
    reachable - 2 <= unreachable
      ? `Removing this node leaves ${reachable - 1} managers out of ${managers.length}. Without a Raft quorum your swarm will be inaccessible. `
      : "";
  return (
    `${BEGINNING}${loss}The only way to restore a swarm that has lost consensus is to reinitialize it with \`--force-new-cluster\`. ` +
    "Use `--force` to suppress this message."
  );
}
