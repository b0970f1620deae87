import { expect, test } from "vitest";

import type { ClusterId, NodeId } from "../shared/model/ids.js";
import { certificateTrouble } from "./certificate-trouble.js";

const DAY_MS = 24 * 3_600_000;
const node = {
  nodeId: "n1" as NodeId,
  role: "worker",
  clusterId: "c1" as ClusterId,
  validFromMs: Date.UTC(2026, 0, 1, 12, 30),
  validUntilMs: Date.UTC(2026, 3, 1, 12, 30),
} as const;

test.each([
  ["on its first moment", node.validFromMs, undefined],
  ["on its last moment", node.validUntilMs, undefined],
  [
    "the day before",
    node.validFromMs - DAY_MS,
    "the certificate of node n1 is valid from 2026-01-01 12:30 UTC on, and by this host's clock it is 2025-12-31 12:30 UTC: set the clock",
  ],
  [
    "the day after",
    node.validUntilMs + DAY_MS,
    "the certificate of node n1 expired on 2026-04-01 12:30 UTC, and by this host's clock it is 2026-04-02 12:30 UTC: managers do not listen to it any more. " +
      'If the clock is right, use "docker swarm leave" here and join again; then "docker node rm n1" on a manager forgets the former node',
  ],
])("%s", (_, nowMs, words) => {
  expect(certificateTrouble(node, nowMs)).toBe(words);
});
