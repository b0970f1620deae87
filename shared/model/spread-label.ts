/** The label that tasks are spread over, as a placement preference names it. */
import type { Node } from "./node.js";

const DESCRIPTOR = /^(node|engine)\.labels\.(.+)$/;

/**
 * @param descriptor `node.labels.zone` or `engine.labels.rack`
 * @returns empty where the node has no such label: those nodes are a branch of their own
 */
export function spreadValue(descriptor: string, node: Node): string {
  const [, source, label] = DESCRIPTOR.exec(descriptor) ?? [];
  if (label === undefined) return "";
  const labels = source === "node" ? node.spec.Labels : node.description?.Engine?.Labels;
  return labels?.[label] ?? "";
}
