/** A skepd that may not program its kernel: it says so, and does everything else. */
import { expect, test } from "vitest";

import { describeWithEngine } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";

/** Root without the one capability; whoever is not root has neither anyway. */
const WITHOUT_NET_ADMIN =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-net_admin", "--"] : [];

describeWithEngine("a host whose kernel is out of reach", (engineSocket) => {
  test("says so in its description, and runs what needs no network of ours", async () => {
    const flags = ["--networks", "auto"];
    const settings = {
      engine: "docker",
      engineSocket,
      flags,
      launcher: WITHOUT_NET_ADMIN,
    } as const;
    await using skepd = await SkepdProcess.init(settings);
    const inspect = ["node", "inspect", "self", "--format"];
    const label = '{{index .Description.Engine.Labels "skep.network"}}';
    expect(await skepd.skep.output([...inspect, label])).toMatch(
      /^unavailable: skepd runs without CAP_NET_ADMIN\b/,
    );
    const plugins = await skepd.skep.output([...inspect, "{{json .Description.Engine.Plugins}}"]);
    expect(plugins).toContain('"Name":"bridge"');
    expect(plugins).not.toContain("overlay");
    const page = await skepd.skep.output(["node", "inspect", "self", "--pretty"]);
    expect(page).toMatch(/^ - skep\.network=unavailable: skepd runs without CAP_NET_ADMIN/m);
    expect(page).not.toContain("overlay");
    expect(skepd.logged("no overlay networks and no ingress on this host")).toHaveLength(1);

    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", "web"];
    await skepd.skep.output([
      ...create,
      "--stop-signal",
      "SIGKILL",
      "skep/busybox:1",
      "sleep",
      "9",
    ]);
    await settles(async () => {
      expect(await skepd.skep.output(["service", "ls", "--format", "{{.Replicas}}"])).toBe("1/1");
    });
  });
});

test("a host of plain processes says that these have no networks", async () => {
  await using skepd = await SkepdProcess.init({ engine: "process" });
  const page = await skepd.skep.output(["node", "inspect", "self", "--pretty"]);
  expect(page).toMatch(/^ - skep\.network=unavailable: tasks are plain processes/m);
});
