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
  ["GET", "/networks/host?verbose=false&scope=swarm", "skep"],
  ["GET", "/networks/host?scope=swarmy", "engine"],
  ["GET", "/networks/host", "engine"],
  ["GET", "/networks?scope=swarm", "engine"],
  ["DELETE", "/networks/back?scope=swarm", "engine"],
  ["GET", "/containers/json", "engine"],
  ["GET", "/servicesx", "engine"],
  ["POST", "/session", "engine"],
  ["GET", "/", "engine"],
  ["OPTIONS", "*", "engine"],
])("%s %s is the %s's", (method, path, owner) => {
  expect(ownerOf(method, path)).toBe(owner);
});
