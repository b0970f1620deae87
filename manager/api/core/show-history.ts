/**
 * The history of a service: the revisions that are kept of it, the newest first. Who looks on
 * compares their templates.
 */
import type { ServiceRevision } from "../../../shared/docker-api/service-history.js";
import type { Service } from "../../../shared/model/service.js";
import { isWanted } from "../../../shared/model/task-state.js";
import type { StoreView } from "../../store/core/view.js";
import { showTime } from "./show-time.js";

export function showHistory(view: StoreView, service: Service): ServiceRevision[] {
  const wanted = view.tasksOfService(service.id).filter(({ desired }) => isWanted(desired));
  return view
    .revisions(service.id)
    .map(({ number, createdAtMs, template, hostPorts, by, rollbackOf }) => ({
      Revision: number,
      CreatedAt: showTime(createdAtMs),
      ...(by === undefined ? {} : { By: by }),
      ...(rollbackOf === undefined ? {} : { RollbackOf: rollbackOf }),
      Current: number === service.revision,
      Tasks: wanted.filter(({ revision }) => revision === number).length,
      TaskTemplate: template,
      ...(hostPorts === undefined ? {} : { HostPorts: [...hostPorts] }),
    }))
    .toReversed();
}
