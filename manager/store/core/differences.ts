/**
 * What changed between two states that share no history: the events that would have
 * led from one to the other.
 */
import { canonicalText } from "../../../shared/model/stable-hash.js";
import type { StoreEvent } from "./change.js";
import type { Tables } from "./tables.js";

export function differences(from: Tables, to: Tables): readonly StoreEvent[] {
  const present = objectsOf(to);
  const events: StoreEvent[] = [];
  for (const [key, { type, object: before }] of objectsOf(from)) {
    const after = present.get(key)?.object;
    present.delete(key);
    if (after === undefined) events.push({ type, before } as StoreEvent);
    else if (canonicalText(before) !== canonicalText(after))
      events.push({ type, before, after } as StoreEvent);
  }
  for (const { type, object: after } of present.values())
    events.push({ type, after } as StoreEvent);
  return events;
}

interface TypedObject {
  readonly type: StoreEvent["type"];
  readonly object: object;
}

/** Owners before what they own, as commands make them. */
function objectsOf({ parts }: Tables): Map<string, TypedObject> {
  const objects = new Map<string, TypedObject>();
  const add = (type: StoreEvent["type"], key: string, object: object): void => {
    objects.set(`${type}/${key}`, { type, object });
  };
  for (const cluster of parts.cluster.values()) add("cluster", cluster.id, cluster);
  for (const node of parts.nodes.values()) add("node", node.id, node);
  for (const network of parts.networks.values()) add("network", network.id, network);
  for (const service of parts.services.values()) add("service", service.id, service);
  for (const revisions of parts.revisions.values())
    for (const one of revisions) add("revision", `${one.serviceId}/${one.number}`, one);
  for (const task of parts.tasks.values()) add("task", task.id, task);
  for (const one of parts.attachments.values()) add("attachment", one.id, one);
  return objects;
}
