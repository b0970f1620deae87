// Three managers on real hosts: every one of them answers, the loss of one costs nobody anything, and
// who manages is changed while all goes on. The official docker CLI on the managers' sockets.
import { rm } from "node:fs/promises";

import { expect, test } from "vitest";

import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { raiseLab } from "./raised-lab.js";
import { skepOn } from "./skep-on.js";

const HOSTS = ["host1", "host2", "host3"] as const;
type Host = (typeof HOSTS)[number];
const SERVICE = ["service", "create", "--detach", "--no-resolve-image", "--stop-signal", "SIGKILL"];
const SLEEP = ["skep/busybox:1", "sleep", "100000"];
/** A write or a read without a quorum must have failed by then. */
const REFUSED_WITHIN_MS = 6_000;

describeWithLab("three managers", () => {
  const raised = raiseLab({ hosts: 3, managers: 3 });
  const { docker } = raised;

  /** By host: leader, reachable, unreachable, or nothing for a worker. */
  async function managersSeenBy(host: Host): Promise<Record<string, string>> {
    const format = "{{.Hostname}}={{.ManagerStatus}}";
    const lines = await docker(host).output(["node", "ls", "--format", format]);
    return Object.fromEntries(lines.split("\n").map((line) => line.split("=") as [string, string]));
  }

  async function leaderSeenBy(host: Host): Promise<Host> {
    const managers = await managersSeenBy(host);
    return HOSTS.find((name) => managers[name] === "Leader")!;
  }

  async function termSeenBy(host: Host): Promise<number> {
    const raft = await skepOn(raised.lab.host(host)).output(["swarm", "raft"]);
    return Number(/^Term: +(\d+)$/m.exec(raft)?.[1]);
  }

  async function allManage(): Promise<void> {
    await settles(async () => {
      for (const host of HOSTS) {
        const roles = Object.values(await managersSeenBy(host)).sort();
        expect(roles).toEqual(["Leader", "Reachable", "Reachable"]);
      }
    });
  }

  async function servicesSeenBy(host: Host): Promise<string[]> {
    return (await docker(host).output(["service", "ls", "--format", "{{.ID}}"])).split("\n").sort();
  }

  test("every one answers: what is written through one is read through all", async () => {
    await allManage();
    for (const host of HOSTS) {
      const id = await docker(host).output([...SERVICE, "--name", `by-${host}`, ...SLEEP]);
      for (const reader of HOSTS) expect(await servicesSeenBy(reader)).toContain(id.slice(0, 12));
    }
    for (const host of HOSTS) await docker("host3").output(["service", "rm", `by-${host}`]);
    expect(await servicesSeenBy("host1")).toEqual([""]);
  });

  test("a leader that is cut off is followed by another; it is refused meanwhile, and follows then", async () => {
    await allManage();
    await docker("host1").output([...SERVICE, "--name", "kept", ...SLEEP]);
    const lost = await leaderSeenBy("host1");
    const [first, second] = HOSTS.filter((host) => host !== lost) as [Host, Host];
    await raised.lab.cut(lost);
    await docker(first).output([...SERVICE, "--name", "meanwhile", ...SLEEP]);
    const begun = performance.now();
    const refused = await docker(lost).run([...SERVICE, "--name", "never", ...SLEEP]);
    expect(performance.now() - begun).toBeLessThan(REFUSED_WITHIN_MS);
    expect(refused.stderr).toContain("The swarm does not have a leader.");
    for (const host of [first, second]) expect(refused.stderr).toContain(`${host} (`);
    const read = await docker(lost).run(["service", "ls"]);
    expect(read.stderr).toContain("The swarm does not have a leader.");
    expect(await leaderSeenBy(second)).not.toBe(lost);
    await raised.lab.mend(lost);
    await allManage();
    const names = await docker(lost).output(["service", "ls", "--format", "{{.Name}}"]);
    expect(names.split("\n").sort()).toEqual(["kept", "meanwhile"]);
    await docker(lost).output(["service", "rm", "kept", "meanwhile"]);
  });

  test("a leader that is told to stop hands on the lead before it goes", async () => {
    await allManage();
    const leader = await leaderSeenBy("host1");
    const other = HOSTS.find((host) => host !== leader)!;
    const before = await termSeenBy(other);
    const stopped = raised.lab.stop(leader, "skepd");
    await settles(async () => expect(await leaderSeenBy(other)).not.toBe(leader));
    await stopped;
    // It leads the term that follows at once: nobody's silence had to be noticed.
    expect(await termSeenBy(other)).toBe(before + 1);
    await raised.lab.start(leader, "skepd");
    await allManage();
  });

  test("managers become workers and managers again, the leader and the founder too", async () => {
    await allManage();
    await docker("host3").output([...SERVICE, "--name", "web", "--replicas", "3", ...SLEEP]);
    for (const host of HOSTS) {
      const other = HOSTS.find((name) => name !== host)!;
      await docker(other).output(["node", "demote", host]);
      await settles(async () => {
        expect((await managersSeenBy(other))[host]).toBe("");
        const refused = await docker(host).run(["service", "ls"]);
        expect(refused.stderr).toContain("This node is not a swarm manager.");
      });
      await docker(other).output(["node", "promote", host]);
      await allManage();
    }
    expect((await servicesSeenBy("host1")).length).toBe(1);
    await docker("host1").output(["service", "rm", "web"]);
  });

  test("what would cost the majority is refused in Docker's words", async () => {
    await allManage();
    await raised.lab.cut("host3");
    await settles(async () => {
      expect((await managersSeenBy("host1"))["host3"]).toBe("Unreachable");
    });
    const demote = await docker("host1").run(["node", "demote", "host2"]);
    expect(demote.stderr).toContain(
      "can't remove member from the raft: this would result in a loss of quorum",
    );
    const leave = await docker("host1").run(["swarm", "leave"]);
    expect(leave.stderr).toContain(
      "Removing this node leaves 1 managers out of 3. Without a Raft quorum your swarm will be inaccessible.",
    );
    const remove = await docker("host1").run(["node", "rm", "--force", "host3"]);
    expect(remove.stderr).toContain("It must be demoted to worker before removal");
    await raised.lab.mend("host3");
    await allManage();
  });

  test("a manager that leaves is let go by the rest, and joins again with the managers' token", async () => {
    await allManage();
    const token = await docker("host1").output(["swarm", "join-token", "--quiet", "manager"]);
    const left = await docker("host2").run(["swarm", "leave"]);
    expect(left.stderr).toContain("Use `--force` to suppress this message.");
    await docker("host2").output(["swarm", "leave", "--force"]);
    await settles(async () => {
      const raft = await skepOn(raised.lab.host("host1")).output([
        "swarm",
        "raft",
        "--format",
        "{{.Hostname}}",
      ]);
      expect(raft.split("\n").sort()).toEqual(["host1", "host3"]);
    });
    const format = "{{.Hostname}} {{.Status}} {{.ManagerStatus}}";
    const nodes = await docker("host1").output(["node", "ls", "--format", format]);
    expect(nodes).toContain("host2 Down ");
    await docker("host1").output(["node", "rm", "host2"]);
    const address = `${raised.lab.host("host3").address}:2377`;
    await docker("host2").output(["swarm", "join", "--token", token, address]);
    await allManage();
  });

  test("one that was switched off comes back, and so do all at once", async () => {
    await allManage();
    await docker("host1").output([...SERVICE, "--name", "lasting", ...SLEEP]);
    await raised.lab.off("host3");
    await docker("host1").output([
      "service",
      "update",
      "--detach",
      "--label-add",
      "a=b",
      "lasting",
    ]);
    await raised.lab.on("host3");
    await allManage();
    await Promise.all(HOSTS.map((host) => raised.lab.kill(host, "skepd")));
    await Promise.all(HOSTS.map((host) => raised.lab.start(host, "skepd")));
    await allManage();
    for (const host of HOSTS) {
      const labels = ["service", "inspect", "--format", "{{.Spec.Labels.a}}", "lasting"];
      expect(await docker(host).output(labels)).toBe("b");
    }
    await docker("host2").output(["service", "rm", "lasting"]);
  });

  test("a backup restored on another host is the swarm as it was; agents that see both obey the newer", async () => {
    await allManage();
    const file = `${raised.dir}.backup`;
    try {
      await docker("host1").output([...SERVICE, "--name", "saved", "--replicas", "3", ...SLEEP]);
      await skepOn(raised.lab.host("host2")).output(["swarm", "backup", file]);
      await docker("host1").output([...SERVICE, "--name", "later", ...SLEEP]);
      for (const host of ["host1", "host2"] as const) {
        await raised.lab.cut(host);
      }
      await docker("host3").output(["swarm", "leave", "--force"]);
      await skepOn(raised.lab.host("host3")).output(["swarm", "restore", file]);
      const names = ["service", "ls", "--format", "{{.Name}} {{.Replicas}}"];
      await settles(async () => expect(await docker("host3").output(names)).toBe("saved 3/3"));
      await raised.lab.mend("host1");
      await raised.lab.mend("host2");
    } finally {
      await rm(file, { force: true });
    }
  });
});
