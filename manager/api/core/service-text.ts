/**
 * Services as JSON text. They are listed far more often than they change, and a list of a thousand
 * must not keep a manager from everything else: each one's text is made once and kept for as long
 * as the service, and what it refers to, stays as it is.
 */
import type { ServiceStatus } from "../../../shared/docker-api/service-spec.js";
import type { Service } from "../../../shared/model/service.js";
import type { StoreView } from "../../store/core/view.js";
import { showService } from "./show-service.js";

interface Made {
  /** Rows of the store that it was made from besides the service: a changed row is another object. */
  readonly from: readonly unknown[];
  readonly text: string;
}

/** Forgets a service's text with the service. */
const made = new WeakMap<Service, Made>();

/** @param statusOf asked for each where the list is to tell how far the cluster has come */
export function servicesText(
  view: StoreView,
  services: readonly Service[],
  statusOf?: (service: Service) => ServiceStatus,
): string {
  const texts = services.map((service) => {
    const text = serviceText(view, service);
    if (statusOf === undefined) return text;
    return `${text.slice(0, -1)},"ServiceStatus":${JSON.stringify(statusOf(service))}}`;
  });
  return `[${texts.join(",")}]`;
}

function serviceText(view: StoreView, service: Service): string {
  const from = sourcesOf(view, service);
  const known = made.get(service);
  if (known?.from.every((row, i) => row === from[i]) === true) return known.text;
  const text = JSON.stringify(showService(view, service));
  made.set(service, { from, text });
  return text;
}

/** What `showService` looks up: always as many, and in the same order, for one service. */
function sourcesOf(view: StoreView, { id, revision, previous, endpoint }: Service): unknown[] {
  const rows: unknown[] = [view.revision(id, revision)];
  if (previous !== undefined) rows.push(view.revision(id, previous.revision));
  for (const { networkId } of endpoint?.vips ?? []) rows.push(view.network(networkId));
  return rows;
}
