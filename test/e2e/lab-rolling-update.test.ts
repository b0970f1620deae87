// Rolling updates under a steady load, on real hosts with their firewall in its usual state: not one
// request fails, from outside by way of a host that runs none of the tasks, nor from inside by way of
// the virtual address. Thirty other tasks are on the same networks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { ADDRESS_OF, LabServices, WITH_NODE } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

/** Until the update is done, which takes a third of that. */
const LOAD = { count: 12_000, perSecond: 200 };
/**
 * Node, from the machine: busybox's server keeps nine connections waiting and forks for each, so that
 * on a busy machine the server itself would lose some.
 */
const SERVER = `
  const name = require("os").hostname();
  require("http").createServer((_, answer) => answer.end(name)).listen({ port: 80, backlog: 1024 });
`;
/** A task counts once it answers; that it runs says nothing of that. */
const HEALTH = [
  ...["--health-cmd", "nc -w 1 127.0.0.1 80 </dev/null"],
  ...["--health-interval", "1s", "--health-timeout", "5s"],
];
const BYSTANDERS = 30;
const REPLICAS = 3;

describeWithLab("a rolling update under 400 requests a second", () => {
  let on: LabServices;
  const dir = labFolder();

  beforeAll(async () => {
    on = new LabServices(await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: "mixed" }));
    await on.firewallsAreUsual();
    await on.docker(["network", "create", "-d", "overlay", "front"]);
    const published = ["--network", "front", "--publish"];
    await on.serve("web", [...published, "8080:80", "--replicas", String(BYSTANDERS)]);
    const app = [
      ...[...published, "8081:80", "--replicas", String(REPLICAS)],
      ...["--constraint", "node.hostname!=host3", "--update-monitor", "500ms"],
    ];
    await on.serve("app", [...app, ...WITH_NODE, ...HEALTH], [process.execPath, "-e", SERVER]);
    await on.serve("client", ["--network", "front", "--constraint", "node.hostname==host3"]);
    await on.allRun({ web: BYSTANDERS, app: REPLICAS, client: 1 });
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  test.each(["start-first", "stop-first"])("%s: no request fails", async (order) => {
    const [client] = await on.containersOf("client", "front");
    const vip = await on.vipOf("app", "front");
    const until = join(dir, `${order} is done`);
    const loads = Promise.all([
      on.answersTo("host1", { url: `http://${ADDRESS_OF.host3}:8081/`, ...LOAD, until }),
      on.answersIn(client!, { url: `http://${vip}/`, ...LOAD, until }),
    ]);
    const update = ["service", "update", "--detach", "--no-resolve-image"];
    await on.docker([...update, "--update-order", order, "--env-add", `ORDER=${order}`, "app"]);
    await settles(async () => {
      const state = ["--format", "{{with .UpdateStatus}}{{.State}}{{end}}", "app"];
      expect(await on.docker(["service", "inspect", ...state])).toBe("completed");
    });
    writeFileSync(until, "");
    const after = await on.containersOf("app", "front");
    for (const { answers, failures } of await loads) {
      expect(failures).toEqual({});
      for (const said of Object.keys(answers)) expect(said).toMatch(/^200 [0-9a-f]{12}$/);
      // Old tasks and new ones: the load was there while they changed.
      expect(Object.keys(answers).length).toBeGreaterThan(REPLICAS);
      const isNew = after.map(({ id }) => `200 ${id.slice(0, 12)}` in answers);
      expect(isNew).toContain(true);
    }
  });
});
