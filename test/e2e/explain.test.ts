/** The real `skep` asks why, and what would be, of real daemons whose tasks are processes. */
import { expect, test } from "vitest";

import type { ServicePlan } from "../../shared/docker-api/foresight.js";
import { eventually, settles } from "./eventually.js";
import { join, managerAddress } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";

const CREATE = ["service", "create", "--detach", "--restart-delay", "60s"];
const SLEEP = ["none", "sleep", "10000"];
const IDS = ["--quiet", "--filter", "desired-state=running"];

async function running(skepd: SkepdProcess, name: string, replicas: number): Promise<void> {
  await settles(async () => {
    const filter = ["--filter", `name=${name}`, "--format", "{{.Replicas}}"];
    expect(await skepd.skep.output(["service", "ls", ...filter])).toBe(`${replicas}/${replicas}`);
  });
}

test("a plan tells what then happens, and does nothing itself", async () => {
  await using skepd = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  const { skep } = skepd;
  const create = ["--name", "web", "--replicas", "2", ...SLEEP];
  const told = await skep.output(["service", "plan", "create", ...create]);
  expect(told).toMatch(/^web, not there yet.*Nothing was done\.$/m);
  expect(told).toMatch(/^at once +web\.1 +created +host-a +it is missing$/m);
  expect(told).toMatch(/^0 tasks stopped, 2 created, 0 kept\.$/m);
  expect(await skep.output(["service", "ls", "--quiet"])).toBe("");

  await skep.output([...CREATE, ...create]);
  await running(skepd, "web", 2);
  const before = await skep.output(["service", "ps", ...IDS, "web"]);
  const update = ["--env-add", "A=1", "--update-delay", "1s", "--update-monitor", "0s", "web"];
  const json = await skep.output(["service", "plan", "update", "--format", "json", ...update]);
  const plan = JSON.parse(json) as ServicePlan;
  expect(plan).toMatchObject({ PresentRevision: 1, Revision: 2, Outlook: "rest" });
  expect(plan.Totals).toEqual({ Created: 2, Stopped: 2, Kept: 0 });
  expect(await skep.output(["service", "ps", ...IDS, "web"])).toBe(before);
  const nothing = ["service", "plan", "update", "--label-add", "a=b", "web"];
  expect(await skep.output(nothing)).toMatch(/^Nothing would change for its 2 tasks\.$/m);

  await skep.output(["service", "update", "--quiet", ...update]);
  await running(skepd, "web", 2);
  const format = ["--format", "{{.Revision}} {{len .Tasks}} {{.Outlook}}"];
  expect(await skep.output(["service", "explain", ...format, "web"])).toBe("2 2 rest");
  const all = ["service", "ps", "--quiet", "web"];
  expect((await skep.output(all)).split("\n")).toHaveLength(4);
});

test("why a task waits for its restart, why another for a node, and what is asked badly", async () => {
  await using skepd = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  const { skep } = skepd;
  await skep.output([...CREATE, "--name", "crash", "none", "sh", "-c", "exit 3"]);
  const waits = await eventually("it waits for its restart", async () => {
    const told = await skep.output(["service", "explain", "crash"]);
    return /ready; it starts in/.test(told) ? told : undefined;
  });
  expect(waits).toMatch(/^crash\.1 +host-a +1 +ready; it starts in \S+ \(restart delay\)$/m);
  expect(waits).toMatch(/^in \S+ +crash\.1 +started +host-a +its restart delay is over$/m);
  const id = await skep.output([
    "service",
    "ps",
    "--quiet",
    "--filter",
    "desired-state=ready",
    "crash",
  ]);
  const story = await skep.output(["task", "explain", id.slice(0, 12)]);
  expect(story).toMatch(
    /created for revision 1: restart 1, as the one before it failed: .*\(3\)$/m,
  );
  expect(story).toMatch(/placed on host-a: /);

  await skep.output([...CREATE, "--name", "db", "--constraint", "node.labels.disk==ssd", ...SLEEP]);
  await settles(async () => {
    const told = await skep.output(["service", "explain", "db"]);
    expect(told).toMatch(/^db\.1 waits: no suitable node \(.* on 1 node\)$/m);
    expect(told).toMatch(/^ {2}host-a lacks label disk=ssd$/m);
    expect(told).toMatch(/^Nothing changes that by itself\.$/m);
  });

  for (const [line, words] of [
    ["service explain nope", /service nope not found$/],
    ["task explain nope", /task nope not found$/],
    ["service plan update nope", /service nope not found$/],
    ["service plan update --replicas x db", /replicas/],
    ["service plan update --rollback db", /does not have a previous spec/],
    ["service plan update --nope db", /unknown flag: --nope/],
    ["service plan create --name db none", /name conflicts with an existing object/],
    ["service plan what", /^unknown command: skep service plan what/],
  ] as const) {
    const { code, stdout, stderr } = await skep.run(line.split(" "));
    const said = stderr.trim();
    expect({ code, stdout, said }, line).toEqual({ code: expect.any(Number), stdout: "", said });
    expect(code, line).not.toBe(0);
    expect(said, line).toMatch(words);
    expect(said.split("\n"), line).toHaveLength(1);
  }
});

test("a manager that does not lead asks the leader", async () => {
  await using leader = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  await using other = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  await join(other, leader);
  await leader.skep.output(["node", "promote", "host-b"]);
  await settles(async () => {
    expect(await managerAddress(other)).not.toBe("");
    expect(await other.skep.output(["node", "ls", "--quiet"])).not.toBe("");
  });
  await leader.skep.output([...CREATE, "--name", "web", ...SLEEP]);
  await running(leader, "web", 1);
  const explain = ["service", "explain", "--format", "{{.Name}} {{.FromLeader}}", "web"];
  expect(await other.skep.output(explain)).toBe("web true");
  const plan = ["service", "plan", "update", "--format", "{{.Totals.Created}}", "--force", "web"];
  expect(await other.skep.output(plan)).toBe("1");
});
