// A host cut off and mended twenty times in a row: two seconds after each mend all names, virtual
// addresses, ports and entries are right on all hosts, whatever has changed while it was away.
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { LabReach } from "./lab-reach.js";
import { LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const TIMES = 20;
/** Too short for anybody to think that the host is lost; and long enough that its tasks are replaced. */
const AWAY_MS = { shortly: 1_000, lost: 5_000 } as const;
const LOST_EVERY = 5;
const RIGHT_LIMIT_MS = 2_000;

describeWithLab("a host whose cable is pulled again and again", () => {
  let lab: Laboratory;
  let on: LabServices;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: "mixed" });
    on = new LabServices(lab);
    await on.firewallsAreUsual();
    await on.docker(["network", "create", "-d", "overlay", "front"]);
    await on.serve("app", ["--network", "front", "--publish", "8081:80", "--replicas", "6"]);
    await on.serve("asker", ["--network", "front", "--mode", "global"]);
    await on.allRun({ app: 6, asker: 3 });
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  test("all is right within 2 s after each mend", async () => {
    const asked = { service: "app", port: 8081, network: "front", asker: "asker" };
    const reach = await LabReach.of(on, asked);
    await settles(async () => expect(await reach.wrongs()).toEqual([]));
    const rightMs: number[] = [];
    for (let time = 1; time <= TIMES; time += 1) {
      await lab.cut("host3");
      await on.docker(["service", "scale", "--detach", `app=${5 + (time % 3)}`]);
      await sleep(time % LOST_EVERY === 0 ? AWAY_MS.lost : AWAY_MS.shortly);
      await lab.mend("host3");
      const mendedMs = performance.now();
      let askedMs = mendedMs;
      await settles(async () => {
        askedMs = performance.now();
        expect(await reach.wrongs(), `time ${time}`).toEqual([]);
      });
      rightMs.push(Math.round(askedMs - mendedMs));
    }
    const figures = `right after ${rightMs.join(", ")} ms`;
    expect(Math.max(...rightMs), figures).toBeLessThanOrEqual(RIGHT_LIMIT_MS);
  });
});
