/** No spec may be so long that it fills the log with itself. */
import { TooLargeError } from "../../shared/errors/cluster-error.js";
import type { WireChange } from "./change-codec.js";
import { SPEC_BYTES_MAX } from "./limits.js";

/** @throws TooLargeError naming the spec. */
export function checkSpecSizes(wire: WireChange): void {
  check("the cluster's spec", wire.createCluster?.specJson ?? wire.updateCluster?.specJson);
  check("the node's spec", wire.createNode?.specJson ?? wire.updateNode?.specJson);
  check(
    "the node's description",
    wire.createNode?.descriptionJson ?? wire.observeNode?.descriptionJson,
  );
  check("the network's spec", wire.createNetwork?.specJson ?? wire.updateNetwork?.specJson);
  check(
    "the service's spec",
    wire.createService?.service.frameJson ?? wire.updateService?.frameJson,
  );
  check(
    "the service's task template",
    wire.createService?.revision.templateJson ?? wire.updateService?.newRevision?.templateJson,
  );
}

function check(what: string, json: string | null | undefined): void {
  // UTF-8 takes one to three bytes for each character: most specs need not be counted.
  if (json === null || json === undefined || json.length * 3 <= SPEC_BYTES_MAX) return;
  const bytes = Buffer.byteLength(json);
  if (bytes > SPEC_BYTES_MAX) throw new TooLargeError(what, { bytes, limitBytes: SPEC_BYTES_MAX });
}
