/** What asking for a rebalance writes: that one is under way. Where each task goes is the rebalancer's business. */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { type Service, serviceName } from "../../../shared/model/service.js";
import { startedRebalance } from "../../rebalancer/core/rebalance-words.js";
import type { ChangeOf } from "../../store/core/change.js";

/**
 * One that the user began already goes on; one of the cluster's own becomes his, which lets it use
 * every node.
 * @param atMs wall clock of the command
 * @throws InvalidArgumentError there is nothing to choose: each node has its task
 */
export function planRebalance(service: Service, atMs: number): ChangeOf<"observe-rebalance"> {
  const { id: serviceId, frame, rebalance: before } = service;
  if (frame.Mode?.Replicated === undefined) {
    const name = serviceName(frame);
    throw new InvalidArgumentError(
      `service ${name} cannot be rebalanced: only replicated services can`,
    );
  }
  const isUnderWay = before?.state === "rebalancing" && before.by === "user";
  const rebalance = isUnderWay ? before : startedRebalance("user", atMs);
  return { kind: "observe-rebalance", serviceId, rebalance };
}
