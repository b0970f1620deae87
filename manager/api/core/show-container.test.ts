import { expect, test } from "vitest";

import { showContainer } from "./show-container.js";

const NAMES = new Map([["skep-w1", { id: "w1", name: "app" }]]);
const LABELS = { "skep.attachment.id": "a1", of: "user" };
const Networks = {
  "skep-w1": { NetworkID: "f00", IPAddress: "10.0.0.5" },
  mine: { NetworkID: "b" },
};
const SHOWN = { app: { NetworkID: "w1", IPAddress: "10.0.0.5" }, mine: { NetworkID: "b" } };

test.each([
  [
    "inspected",
    { Config: { Labels: LABELS }, HostConfig: { NetworkMode: "skep-w1", Dns: [] } },
    { Config: { Labels: LABELS }, HostConfig: { NetworkMode: "app", Dns: [] } },
  ],
  [
    "in a list",
    { Labels: LABELS, HostConfig: { NetworkMode: "bridge" } },
    { Labels: LABELS, HostConfig: { NetworkMode: "bridge" } },
  ],
])("a user's container, %s, is on the networks that its user named", (_what, before, after) => {
  const NetworkSettings = { Ports: {}, Networks };
  expect(showContainer({ ...before, NetworkSettings }, NAMES)).toEqual({
    ...after,
    NetworkSettings: { Ports: {}, Networks: SHOWN },
  });
});

test.each([
  ["a task's", { Labels: { "skep.task.id": "t1" }, NetworkSettings: { Networks } }],
  ["one without networks", { Labels: LABELS, NetworkSettings: null }],
  ["one without labels", { Labels: null, NetworkSettings: { Networks } }],
])("%s is shown as it is", (_what, container) => {
  expect(showContainer(container, NAMES)).toEqual(container);
});
