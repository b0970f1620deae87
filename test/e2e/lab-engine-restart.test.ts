// A host's engine is killed, or stopped, and started again, on real hosts: names, virtual addresses,
// published ports and entries are right on all hosts soon after it answers. Where its containers
// outlive it they keep their rules; where they end their replacements are programmed like any other.
// And when a daemon is killed, nothing that it began stays behind.
import { afterAll, beforeAll, expect, test } from "vitest";

import { keepsContainers } from "../../deploy/lab/daemons.js";
import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { LabReach } from "./lab-reach.js";
import { ADDRESS_OF, type Host, HOSTS, LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const PORT = 8081;
const ASKED = { service: "app", port: PORT, network: "front", asker: "asker" };
const RUNNING = { app: 6, asker: 3 };
const RIGHT_LIMIT_MS = 5_000;
/** host2's engine ends its containers when it goes, the others' keep them. */
const LIVE_RESTORE = "mixed";
/** Of the rules, of links and routes, of forwarding entries; in each task's namespace there is one. */
const HOST_MONITORS = 3;
/** What skepd speaks to the kernel through: some watch, some wait for what they are told. */
const KERNEL_PROGRAMS = /^(?:\S*nft|ip|bridge) /;

describeWithLab("a host whose engine goes and comes", () => {
  let lab: Laboratory;
  let on: LabServices;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: LIVE_RESTORE });
    on = new LabServices(lab);
    await on.firewallsAreUsual();
    await on.docker(["network", "create", "-d", "overlay", "front"]);
    await on.serve("app", ["--network", "front", "--publish", `${PORT}:80`, "--replicas", "6"]);
    await on.serve("asker", ["--network", "front", "--mode", "global"]);
    await on.allRun(RUNNING);
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  async function idsOn(host: Host): Promise<string[]> {
    return (await on.run(host, ["docker", "ps", "--quiet", "--no-trunc"])).split("\n").sort();
  }

  /** What nobody answers, of the published port of every host and of the name, asked on `host`. */
  async function unanswered(host: Host): Promise<string[]> {
    const urls = [...HOSTS.map((name) => ADDRESS_OF[name]), "127.0.0.1"];
    const [asker] = (await on.containersOf("asker", "front")).filter((one) => one.host === host);
    const fetched = urls.map(async (name) => {
      const url = `http://${name}:${PORT}/`;
      const { failures } = await on.answersTo(host, { url, count: 12, perSecond: 0 });
      return Object.keys(failures).map((failure) => `${url}: ${failure}`);
    });
    const named = on
      .within(asker!, "echo | nc -w 2 app 80 >/dev/null || echo app")
      .then((said) => [said]);
    return (await Promise.all([...fetched, named])).flat().filter(Boolean);
  }

  test.each([
    ["host3", "kill"],
    ["host3", "stop"],
    ["host2", "kill"],
    ["host2", "stop"],
  ] as const)("%s, after a %s: all is right within 5 s", async (host, how) => {
    const before = await idsOn(host);
    await lab[how](host, "dockerd");
    await lab.start(host, "dockerd");
    const backMs = performance.now();
    let askedMs = backMs;
    await settles(async () => {
      askedMs = performance.now();
      await on.allRun(RUNNING);
      const reach = await LabReach.of(on, ASKED);
      expect([...(await reach.wrongs()), ...(await unanswered(host))]).toEqual([]);
    });
    expect(askedMs - backMs).toBeLessThanOrEqual(RIGHT_LIMIT_MS);
    const after = await idsOn(host);
    if (keepsContainers(lab.host(host), LIVE_RESTORE)) expect(after).toEqual(before);
    else expect(after.filter((id) => before.includes(id))).toEqual([]);
    const log = await on.run(host, ["cat", lab.host(host).skepLog]);
    expect(log).toContain("the engine does not answer, tasks are left alone");
    expect(log).toContain("the engine answers");
    await on.firewallsAreUsual();
  });

  test("a skepd that is killed takes its watchers of the kernel along, in every namespace", async () => {
    const programs = async (): Promise<string[]> => {
      const listed = await on.run("host3", ["ps", "-eo", "args="]);
      return listed.split("\n").filter((line) => KERNEL_PROGRAMS.test(line));
    };
    const tasks = await idsOn("host3");
    const allWatch = async (): Promise<void> => {
      const watching = (await programs()).filter((line) => line.includes(" monitor"));
      expect(watching).toHaveLength(HOST_MONITORS + tasks.length);
    };
    await settles(allWatch);
    await lab.kill("host3", "skepd");
    await settles(async () => expect(await programs()).toEqual([]));
    expect(await idsOn("host3")).toEqual(tasks);
    await lab.start("host3", "skepd");
    await settles(allWatch);
  });
});
