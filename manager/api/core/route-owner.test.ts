import { expect, test } from "vitest";

import { ownerOf } from "./route-owner.js";

test.each([
  ["GET", "/_ping", "skep"],
  ["GET", "/info", "skep"],
  ["GET", "/version?x", "skep"],
  ["POST", "/services/create", "skep"],
  ["GET", "/tasks?filters={}", "skep"],
  ["POST", "/swarm/init", "skep"],
  ["GET", "/skep/v1/services", "skep"],
  ["GET", "/networks/host?scope=swarm", "skep"],
  ["GET", "/networks/host", "skep"],
  ["GET", "/networks?filters={}", "skep"],
  ["POST", "/networks/create", "skep"],
  ["DELETE", "/networks/back", "skep"],
  ["POST", "/networks/back/connect", "engine"],
  ["POST", "/networks/prune?filters={}", "engine"],
  ["GET", "/containers/json", "engine"],
  ["GET", "/servicesx", "engine"],
  ["POST", "/session", "engine"],
  ["GET", "/", "engine"],
  ["OPTIONS", "*", "engine"],
])("%s %s is the %s's", (_method, path, owner) => {
  expect(ownerOf(path)).toBe(owner);
});
